import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Fields } from '../../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../../src/worker/kernel/kernel.ts'
import { scaled } from '../../../../helpers/scaled.ts'
import { captures, encoderSettings, fieldTexts, lay, mappings } from '../../../../helpers/worker-fixtures.ts'

const NAMES = ['level', 'pid', 'request_id', 'global_request_id', 'instance_id']
const kernel = new Kernel()
const fields = new Fields(encoderSettings({ metadata: mappings(NAMES.join()) }), kernel)

/**
 * Returns the line's fields by name, or undefined. Bytes around the line belong to others and must make no difference.
 */
function read (line: string, before = '', after = ''): Record<string, string> | undefined {
  // An earlier line leaves these values.
  kernel.run.derive(...lay(kernel, '2026-11-22 08:00:01.234 1 ERROR x [req-0 req-1] [instance: i] text'))
  fields.clear()
  kernel.run.derive(...lay(kernel, line, before, after))
  const found = fieldTexts(kernel, fields)
  return Object.keys(found).length === 0 ? undefined : found
}

const DATE = '2026-11-22 08:00:01.234'
const R1 = 'req-5d3f0c1e-3f6a-4ac5-8c5c-0c6c4a6f9b57'
const R2 = 'req-00000000-3f6a-4ac5-8c5c-0c6c4a6f9b57'
const I = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
const INFO = { level: 'info', pid: '7' }

test('the captured nova line', () => {
  const nova = captures().find(({ case: name }) => name === 'nova')
  const { message } = JSON.parse(nova!.records[0].toString()) as { message: string }
  assert.deepEqual(read(message), { ...INFO, request_id: R1, instance_id: I })
})

suite('forms of a line', () => {
  const cases: Record<string, [line: string, parts: Record<string, string>]> = {
    'without a context': [`${DATE} 7 INFO nova.compute.manager text`, INFO],
    'a traceback line': [`${DATE} 7 ERROR nova.compute.manager Traceback (most recent call last):`, { level: 'error', pid: '7' }],
    'a traceback line with an instance': [`${DATE} 7 ERROR nova.compute.manager [instance: ${I}] Traceback (most recent call last):`, { level: 'error', pid: '7', instance_id: I }],
    'an empty context': [`${DATE} 7 INFO nova [-] text`, INFO],
    'a context of dashes': [`${DATE} 7 INFO nova [- - - - -] text`, INFO],
    'a context without ids': [`${DATE} 7 INFO nova [None None] text`, INFO],
    'a request': [`${DATE} 7 INFO nova [${R1} user project - default default] text`, { ...INFO, request_id: R1 }],
    'a request alone': [`${DATE} 7 INFO nova [${R1}] text`, { ...INFO, request_id: R1 }],
    'None and a request': [`${DATE} 7 INFO nova [None ${R1} user project - - default default] text`, { ...INFO, request_id: R1 }],
    'None and a request alone': [`${DATE} 7 INFO nova [None ${R1}] text`, { ...INFO, request_id: R1 }],
    'both ids, the global one first': [
      `${DATE} 7 INFO nova [${R2} ${R1} user project] text`, { ...INFO, request_id: R1, global_request_id: R2 }
    ],
    'a third word is no id': [`${DATE} 7 INFO nova [None None ${R1}] text`, INFO],
    'an instance behind an empty context': [`${DATE} 7 INFO nova [-] [instance: ${I}] text`, { ...INFO, instance_id: I }],
    'an instance behind both ids': [
      `${DATE} 7 INFO nova [${R2} ${R1} u p] [instance: ${I}] text`, { ...INFO, request_id: R1, global_request_id: R2, instance_id: I }
    ],
    'an instance and no text': [`${DATE} 7 INFO nova [${R1}] [instance: ${I}]`, { ...INFO, request_id: R1, instance_id: I }],
    'an instance later in the text is text': [`${DATE} 7 INFO nova [${R1}] see [instance: ${I}]`, { ...INFO, request_id: R1 }],
    'an instance that no space parts from the context': [`${DATE} 7 INFO nova [${R1}]x[instance: ${I}] text`, { ...INFO, request_id: R1 }],
    'an empty instance': [`${DATE} 7 INFO nova [-] [instance: ] text`, INFO],
    'an instance that is not closed': [`${DATE} 7 INFO nova [-] [instance: ${I}`, INFO],
    'an instance of two words': [`${DATE} 7 INFO nova [-] [instance: a b] text`, INFO],
    'an instance longer than any id': [`${DATE} 7 INFO nova [-] [instance: ${'a'.repeat(65)}] text`, INFO],
    'a context that is not closed': [`${DATE} 7 INFO nova [${R1} user project`, { ...INFO, request_id: R1 }],
    'an id that is only its prefix': [`${DATE} 7 INFO nova [req- user] text`, INFO],
    'an id longer than any': [`${DATE} 7 INFO nova [req-${'a'.repeat(61)} user] text`, INFO],
    'an id as long as may be': [`${DATE} 7 INFO nova [req-${'a'.repeat(60)} user] text`, { ...INFO, request_id: `req-${'a'.repeat(60)}` }],
    'an id of another kind': [`${DATE} 7 INFO nova [Req-1 user] text`, INFO],
    'nothing behind the level': [`${DATE} 7 INFO`, INFO],
    'nothing behind the name': [`${DATE} 7 INFO n`, INFO],
    'a byte order mark in front': [`\ufeff${DATE} 7 INFO nova [${R1}] text`, { ...INFO, request_id: R1 }],
    'a pid of ten digits': [`${DATE} 1234567890 INFO nova text`, { level: 'info', pid: '1234567890' }]
  }
  for (const [name, [line, parts]] of Object.entries(cases)) {
    test(name, () => {
      for (const after of ['', ']', ' ', `] [instance: ${I}]`, `${R2}]`]) {
        assert.deepEqual(read(line, 'x[', after), parts, `with ${JSON.stringify(after)} behind it`)
      }
    })
  }
})

test('levels', () => {
  const levels = {
    CRITICAL: 'critical',
    ERROR: 'error',
    WARNING: 'warning',
    INFO: 'info',
    AUDIT: 'info',
    DEBUG: 'debug',
    TRACE: 'debug',
    WARN: 'warning'
  }
  for (const [word, level] of Object.entries(levels)) assert.deepEqual(read(`${DATE} 7 ${word} nova text`), { level, pid: '7' })
})

suite('near misses are not oslo.log lines', () => {
  const lines = [
    '', 'a line', 'INFO', DATE, `${DATE} `, `${DATE} 7`, `${DATE} 7 `, `${DATE}7a INFO nova text here`,
    `${DATE} 7a INFO nova text`, `${DATE} 7 info nova text`, `${DATE} 7 INFOS nova text`, `${DATE} 7 ERRORS nova text`,
    `${DATE} 7 XXXXXXX nova text`, ` ${DATE} 7 INFO nova text`, `${DATE.replace('2026', '26')} 7 INFO nova.compute text`,
    `${DATE.replace('2026-11', '2026/11')} 7 INFO nova text`
  ]
  for (const line of lines) test(JSON.stringify(line), () => assert.equal(read(line, '', ' INFO x [req-1 a]')?.pid, undefined))
})

test('any line made of the parts gives them back', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdef0123456789-'), minLength: 1, maxLength: 36 })
  const id = word.map(text => `req-${text}`)
  const level = fc.constantFrom([
    'CRITICAL', 'critical'
  ], ['ERROR', 'error'], ['WARNING', 'warning'], ['INFO', 'info'], ['DEBUG', 'debug'], ['AUDIT', 'info'], ['TRACE', 'debug'])
  const context = fc.oneof(
    fc.constant({ text: '', ids: {} }),
    fc.constantFrom('[-] ', '[None None None] ', '[- - - - -] ').map(text => ({ text, ids: {} })),
    id.map(request => ({ text: `[${request} user project - - -] `, ids: { request_id: request } })),
    id.map(request => ({ text: `[None ${request} user project] `, ids: { request_id: request } })),
    fc.tuple(id, id).map(([global, request]) => ({
      text: `[${global} ${request} user project] `, ids: { global_request_id: global, request_id: request }
    }))
  )
  const text = fc.string({ unit: 'grapheme' }).map(text => `t${text}`)
  fc.assert(fc.property(level, fc.nat(), fc.domain(), context, fc.option(word, { nil: undefined }), text,
    ([written, level], pid, name, { text: brackets, ids }, instance, rest) => {
      const line = `${DATE} ${pid} ${written} ${name} ${brackets}${instance === undefined ? '' : `[instance: ${instance}] `}${rest}`
      assert.deepEqual(read(line), { level, pid: String(pid), ...ids, ...(instance === undefined ? {} : { instance_id: instance }) })
    }), { numRuns: scaled(1000) })
})

test('any bytes, and any line cut anywhere, are read within their bounds', () => {
  const whole = `\ufeff${DATE} 7 INFO nova [${R2} ${R1} u p] [instance: ${I}] text`
  const within = (bytes: Buffer): void => {
    const [start, end] = lay(kernel, bytes, '[', `] [instance: ${I}]`)
    fields.clear()
    kernel.run.derive(start, end)
    for (const name of NAMES.slice(1)) {
      const slot = fields.slot(name)
      if (fields.isAbsent(slot)) continue
      // What has a NUL is read from a copy without it, which lies elsewhere.
      const text = kernel.bytes.toString('latin1', fields.start(slot), fields.end(slot))
      const isWithin = fields.start(slot) > start && fields.start(slot) <= fields.end(slot) && fields.end(slot) <= end
      assert.ok(isWithin || (bytes.includes(0) && bytes.toString('latin1').replaceAll('\0', '').includes(text)), name)
    }
  }
  for (let end = 0; end <= Buffer.byteLength(whole); end++) within(Buffer.from(whole).subarray(0, end))
  fc.assert(fc.property(fc.array(fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }), { maxLength: 5 }), changes => {
    const bytes = Buffer.from(whole)
    for (const { at, byte } of changes) bytes[at % bytes.length] = byte
    within(bytes)
  }), { numRuns: scaled(2000) })
})
