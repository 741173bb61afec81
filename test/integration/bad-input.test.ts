import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { QuarantineReason } from '../../src/worker/messages/reasons.ts'
import { bodyOf, message, record, string } from '../helpers/messages.ts'
import { scaled } from '../helpers/scaled.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

const DAY = 86_400_000

const asTime = (ms: number): string => new Date(ms).toISOString()

const QUARANTINED: Array<[what: string, record: string, reason: QuarantineReason]> = [
  ['not JSON', 'Nov 22 08:00:00 host su: oops\n', 'invalid_json'],
  ['cut JSON', record().slice(0, 100), 'invalid_json'],
  ['an array', '[1,2]', 'not_object'],
  ['a string', '"text"', 'not_object'],
  ['null', 'null', 'not_object'],
  ['no message', record({ message: undefined }), 'no_message'],
  ['a null message', record({ message: null }), 'no_message'],
  ['no timestamp', record({ '@timestamp': undefined }), 'no_timestamp'],
  ['an unreadable timestamp', record({ '@timestamp': 'yesterday' }), 'bad_timestamp'],
  ['a timestamp of another type', record({ '@timestamp': true }), 'bad_timestamp'],
  ['an empty string', '', 'empty'],
  ['a timestamp older than Loki takes', record({ '@timestamp': asTime(Date.now() - 8 * DAY) }), 'too_old'],
  ['a timestamp too far ahead', record({ '@timestamp': asTime(Date.now() + DAY) }), 'too_new'],
  ['no label at all', '{"@timestamp":"NOW","message":"m"}', 'no_labels']
]

test('what cannot be read is stored as it came, in a stream that says why, and accepted', async t => {
  const stack = await Stack.start(t)
  const sender = await stack.sender()
  for (const [what, text, reason] of QUARANTINED) {
    const raw = text.replace('NOW', new Date().toISOString())
    const before = stack.stored().length
    const earliest = BigInt(Date.now()) * 1_000_000n
    assert.equal(await sender.send(message([record({ message: 'before' }), raw, record({ message: 'after' })])), 'accepted', what)
    const entries = stack.stored().slice(before)
    assert.equal(entries.length, 3, `${what}: the good ones are stored too`)
    const [quarantined] = entries.filter(({ labels }) => labels.startsWith(`{quarantine="${reason}", `))
    assert.equal(quarantined?.line.toString(), raw, what)
    assert.ok(quarantined.time >= earliest - 1_000_000n, `${what}: at its time of arrival`)
    assert.ok(await stack.metric('lokean_records_quarantined_total', { reason }) >= 1)
  }
})

test('bodies that are no records are quarantined whole, in base64, or skipped where there is nothing in them', async t => {
  const stack = await Stack.start(t)
  const sender = await stack.sender()
  const whole = (hex: string): RegExp => new RegExp(`^${hex.length / 2} bytes, base64: ${Buffer.from(hex, 'hex').toString('base64').replace(/[+/]/g, '\\$&')}$`)
  const cases: Array<[what: string, message: Buffer, lines: RegExp[]]> = [
    ['no body', Buffer.from('0053704500537345', 'hex'), [whole('0053704500537345')]],
    ['an empty message', Buffer.alloc(0), [whole('')]],
    ['an unknown section', Buffer.from('00530145', 'hex'), [whole('00530145')]],
    ['a body of another type', bodyOf(Buffer.from('5505', 'hex')), [whole('5505')]],
    ['a map', bodyOf(Buffer.from('c10100', 'hex')), [whole('c10100')]],
    ['null', bodyOf(Buffer.from('40', 'hex')), []],
    ['an empty list', bodyOf(Buffer.from('45', 'hex')), []],
    [
      'a cut body', message([record({ message: 'whole' }), record({ message: 'cut' })]).subarray(0, -20),
      [/^whole$/, /^\d+ bytes, base64: [0-9A-Za-z+/]+=*$/]
    ],
    ['noise', Buffer.from('ffeeddccbbaa', 'hex'), [whole('ffeeddccbbaa')]]
  ]
  for (const [what, bytes, lines] of cases) {
    const before = stack.stored().length
    assert.equal(await sender.send(bytes), 'accepted', what)
    const stored = stack.stored().slice(before).sort((a, b) => a.labels < b.labels ? -1 : 1)
    assert.equal(stored.length, lines.length, what)
    for (const [i, line] of lines.entries()) assert.match(stored[i].line.toString(), line, what)
  }
})

test('all the forms of a body that other producers send', async t => {
  const stack = await Stack.start(t)
  const sender = await stack.sender()
  const text = (line: string): Buffer => Buffer.from(record({ message: line }))
  const typed = (code: number, bytes: Buffer): Buffer => {
    const value = string(Buffer.concat([
      bytes, Buffer.alloc(Math.max(0, 256 - bytes.length), ' ')
    ])); value[0] = code; return value
  }
  const list = (...items: Buffer[]): Buffer => {
    const body = Buffer.concat(items); const head = Buffer.alloc(
      9
    ); head[0] = 0xd0; head.writeUInt32BE(body.length + 4, 1); head.writeUInt32BE(items.length, 5); return Buffer.concat([head, body])
  }
  const data = typed(0xb0, text('data'))
  const sent = [
    bodyOf(typed(0xb1, text('a string'))),
    bodyOf(typed(0xb0, text('binary'))),
    bodyOf(typed(0xb3, text('a symbol'))),
    bodyOf(list(list(string(text('nested'))), list(list(string(text('more nested')))))),
    Buffer.concat([Buffer.from('005375', 'hex'), data, Buffer.from('005375', 'hex'), typed(0xb0, text('more data'))])
  ]
  for (const bytes of sent) assert.equal(await sender.send(bytes), 'accepted')
  assert.deepEqual(stack.stored().map(({ line }) => line.toString()).sort(), [
    'a string', 'a symbol', 'binary', 'data', 'more data', 'more nested', 'nested'
  ])
})

test('a long list of empty strings', async t => {
  const stack = await Stack.start(t)
  const sender = await stack.sender()
  const count = scaled(1_000_000)
  const body = Buffer.alloc(9 + 2 * count)
  body[0] = 0xd0
  body.writeUInt32BE(4 + 2 * count, 1)
  body.writeUInt32BE(count, 5)
  for (let i = 0; i < count; i++) body[9 + 2 * i] = 0xa1
  assert.equal(await sender.send(bodyOf(body)), 'accepted')
  assert.equal(stack.loki.stats().entries, count, 'none is lost, and none taken for another')
})

test('what Loki refuses after all is isolated: the rest is stored once, it goes to quarantine', async t => {
  // As at many operators, Loki has smaller limits than Lokean knows of.
  const stack = await Stack.start(t, { loki: { limits: { labelValueBytes: 40, lineBytes: 1000 } } })
  const sender = await stack.sender()
  const bad = (i: number): boolean => i % 20 === 7
  const records = Array.from({ length: 64 }, (_, i) => record({ host: bad(i) ? 'h'.repeat(50) : `h${i % 3}`, message: `line ${i}` }))
  assert.equal(await sender.send(message([...records, record({ message: 'x'.repeat(2000) })])), 'accepted')
  const stored = stack.stored().map(({ labels, line }) => ({ refused: labels.includes('quarantine="refused"'), line: line.toString() }))
  const isLine = ({ line }: { line: string }): boolean => line.startsWith('line')
  assert.deepEqual(
    stored.filter(isLine).map(({ line }) => line).sort(), Array.from({ length: 64 }, (_, i) => `line ${i}`).sort(), 'each once'
  )
  assert.deepEqual(stored.filter(one => one.refused && isLine(one)).map(({ line }) => line).sort(), ['line 27', 'line 47', 'line 7'])
  const pieces = stored.filter(one => !isLine(one))
  assert.ok(pieces.every(({ refused }) => refused))
  assert.deepEqual(pieces.map(({ line }) => line.length), [1000, 1000])
  assert.equal(await stack.metric('lokean_records_quarantined_total', { reason: 'refused' }), 4)
})

test('with a dead-letter directory, what Loki refuses lies there as NDJSON', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
  t.after(async () => { await rm(dir, { recursive: true }) })
  const stack = await Stack.start(t, { env: { LOKEAN_DEAD_LETTER_DIR: dir }, loki: { limits: { lineBytes: 1000 } } })
  const sender = await stack.sender()
  const line = `bad ${'x'.repeat(2000)}`
  assert.equal(await sender.send(message([
    record({ message: 'good' }), record({ message: line, file: '/var/log/x' }), record({ message: 'also good' })
  ])), 'accepted')
  assert.deepEqual(stack.stored().map(({ line }) => line.toString()).sort(), ['also good', 'good'])
  const [file, ...more] = await readdir(dir)
  assert.deepEqual(more, [])
  const letters = (await readFile(join(dir, file), 'utf8')).trimEnd().split('\n').map(text => JSON.parse(text) as Record<string, unknown>)
  assert.equal(letters.length, 1)
  assert.equal(letters[0].line, line)
  assert.match(String(letters[0].reason), /^400 Max entry size '1000' bytes exceeded/)
  assert.deepEqual(letters[0].metadata, { file: '/var/log/x' })
  assert.equal(await stack.metric('lokean_records_dead_lettered_total', { reason: 'refused' }), 1)
})

test('where the dead-letter directory is full, what belongs there is not accepted until there is room', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
  t.after(async () => { await rm(dir, { recursive: true }) })
  const full = join(dir, 'dead-letter-1.ndjson')
  await writeFile(full, 'x'.repeat(2 ** 20))
  const stack = await Stack.start(t, {
    env: { LOKEAN_DEAD_LETTER_DIR: dir, LOKEAN_DEAD_LETTER_BYTES: '1MiB' }, loki: { limits: { lineBytes: 1000 } }
  })
  const sender = await stack.sender()
  let outcome: string | undefined
  const sent = sender.send(message([record({ message: 'y'.repeat(2000) })])).then(settled => { outcome = settled })
  await until('the log says what to do', () => stack.log.some(line => line.includes('LOKEAN_DEAD_LETTER_FULL')))
  for (let i = 0; i < 12; i++) {
    assert.equal(await sender.send(message([record({ host: `h${i}`, message: `good ${i}` })])), 'accepted', 'good records flow')
  }
  const [blocked, bytes, limit] = await Promise.all(['blocked', 'bytes', 'bytes_limit'].map(async name => {
    return await stack.metric(`lokean_dead_letter_${name}`)
  }))
  assert.deepEqual([outcome, blocked, bytes, limit], [undefined, 1, 2 ** 20, 2 ** 20])
  assert.deepEqual(await readdir(dir), ['dead-letter-1.ndjson'])
  assert.match(stack.pipeline.status().checks.loki.detail, /the dead-letter directory has no room/)
  await rm(full)
  await sent
  assert.equal(outcome, 'accepted')
  assert.equal(await stack.metric('lokean_dead_letter_blocked'), 0)
  assert.equal(await stack.metric('lokean_records_dead_lettered_total', { reason: 'refused' }), 1)
})

test('told to delete, a full dead-letter directory counts the records that it loses', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
  t.after(async () => { await rm(dir, { recursive: true }) })
  await writeFile(join(dir, 'dead-letter-1.ndjson'), `${'x'.repeat(2 ** 19)}\n`.repeat(2))
  const stack = await Stack.start(t, {
    env: { LOKEAN_DEAD_LETTER_DIR: dir, LOKEAN_DEAD_LETTER_BYTES: '1MiB', LOKEAN_DEAD_LETTER_FULL: 'delete' },
    loki: { limits: { lineBytes: 1000 } }
  })
  const sender = await stack.sender()
  assert.equal(await sender.send(message([record({ message: 'y'.repeat(2000) })])), 'accepted')
  assert.equal(await stack.metric('lokean_dead_letters_deleted_total'), 2)
})

test('a line over Loki\'s limit is split, a label value cut, bytes replaced: all stored, all counted', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_LOKI_MAX_LINE_BYTES: '1KiB' } })
  const sender = await stack.sender()
  const line = Array.from({ length: 700 }, (_, i) => `část ${i}`).join(' ')
  assert.equal(await sender.send(message([record({ message: line })])), 'accepted')
  const pieces = stack.stored().sort((a, b) => a.time < b.time ? -1 : 1)
  assert.ok(pieces.length > 5)
  assert.equal(Buffer.concat(pieces.map(piece => piece.line)).toString(), line)
  assert.equal(await stack.metric('lokean_records_mended_total', { reason: 'line_split' }), 1)

  const region = 'č'.repeat(2500)
  assert.equal(await sender.send(message([record({ region, message: 'cut label' })])), 'accepted')
  const [cut] = stack.stored().filter(entry => entry.line.toString() === 'cut label')
  assert.ok(cut.labels.includes(`region="${'č'.repeat(1024)}"`))
  assert.equal(await stack.metric('lokean_records_mended_total', { reason: 'label_cut' }), 1)

  const latin1 = Buffer.from(record({ message: 'caf\u00e9!' }), 'latin1')
  assert.equal(await sender.send(message([latin1])), 'accepted')
  assert.ok(stack.stored().some(entry => entry.line.toString() === 'caf\ufffd!'))
  assert.equal(await stack.metric('lokean_records_mended_total', { reason: 'utf8' }), 1)
})
