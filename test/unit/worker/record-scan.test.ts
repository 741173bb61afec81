import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ByteBuffer } from '../../../src/worker/byte-buffer.ts'
import { ABSENT, Fields, INPUT, MESSAGE, SIDE } from '../../../src/worker/fields.ts'
import { RecordScanner } from '../../../src/worker/record-scan.ts'
import { objectText } from '../../helpers/json-text.ts'
import { captures, encoderSettings, mappings, recordText } from '../../helpers/worker-fixtures.ts'

const settings = encoderSettings({ labels: mappings('cloud,host,ключ=é'), metadata: mappings('file,empty=') })

class Scan {
  readonly fields = new Fields(settings)
  readonly side = new ByteBuffer(16)
  readonly scanner = new RecordScanner(this.fields, this.side)

  /** The fields found, by name; undefined where the scanner leaves the record to JSON.parse. */
  read (text: string | Buffer, before = '', after = ''): Record<string, string> | undefined {
    const input = Buffer.concat([Buffer.from(before), Buffer.from(text as string), Buffer.from(after)])
    const start = Buffer.byteLength(before)
    this.side.length = 0
    if (!this.scanner.scan(input, start, input.length - Buffer.byteLength(after))) return undefined
    const { fields, side } = this
    const found: Record<string, string> = Object.create(null) as Record<string, string>
    for (const [slot, name] of fields.names.entries()) {
      if (fields.kind[slot] === ABSENT) continue
      assert.ok(fields.kind[slot] === INPUT || fields.kind[slot] === SIDE)
      const source = fields.kind[slot] === INPUT ? input : side.bytes
      const value = source.toString('utf8', fields.start[slot], fields.end[slot])
      // The message is left escaped, for whoever writes the line.
      found[name] = slot === MESSAGE && this.scanner.messageEscaped ? JSON.parse(`"${value}"`) as string : value
    }
    return { ...found }
  }
}

/** What JSON.parse makes of the fields asked for. */
function parsed (text: string, names: readonly string[]): Record<string, string> {
  const record = JSON.parse(text) as Record<string, string>
  return Object.fromEntries(names.filter(name => Object.hasOwn(record, name)).map(name => [name, record[name]]))
}

suite('what the scanner takes', () => {
  const names = new Scan().fields.names

  for (const broken of [false, true]) {
    test(`is what JSON.parse makes of it (${broken ? 'near misses among them' : 'any JSON'})`, () => {
      const scan = new Scan()
      let taken = 0
      fc.assert(fc.property(objectText(names, { broken }), fc.constantFrom('', '{"a":"', '"'), fc.constantFrom('', '}', '"}', ':"x"}', ' '), (text, before, after) => {
        const found = scan.read(text, before, after)
        if (found === undefined) return
        taken++
        assert.deepEqual(found, parsed(text, names))
      }), { numRuns: 6000 })
      assert.ok(taken > 300, `a fair part of the records is taken (${taken})`)
    })
  }

  test('includes every record that rsyslog was seen to write, in whatever order its keys come', () => {
    for (const { case: name, records } of captures()) {
      if (name.startsWith('badutf8')) continue
      for (const record of records) {
        const text = record.toString()
        assert.deepEqual(new Scan().read(text), parsed(text, names))
        const shuffled = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()))
        assert.deepEqual(new Scan().read(shuffled), parsed(text, names))
      }
    }
  })

  test('does not depend on the records before', () => {
    const text = fc.dictionary(fc.constantFrom(...names, 'a', 'b'), fc.string({ maxLength: 5 }), { minKeys: 1 }).map(record => JSON.stringify(record))
    fc.assert(fc.property(fc.array(text, { minLength: 2, maxLength: 6 }), records => {
      const scan = new Scan()
      for (const record of records) assert.deepEqual(scan.read(record), new Scan().read(record))
    }), { numRuns: 500 })
  })

  test('may have more keys than it remembers places for', () => {
    const record = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`key${i}`, `v${i}`]))
    const text = JSON.stringify({ ...record, host: 'h', message: 'm' })
    const scan = new Scan()
    for (let i = 0; i < 2; i++) assert.deepEqual(scan.read(text), { host: 'h', message: 'm' })
  })
})

suite('what the scanner leaves to JSON.parse', () => {
  const cases: Record<string, string> = {
    'an empty object': '{}',
    'a number': '{"host":1}',
    null: '{"message":null}',
    'a nested object': '{"message":{"a":"b"}}',
    'an escape in a key': '{"\\u0068ost":"x"}',
    'a surrogate pair in a label': '{"host":"\\ud83d\\ude00"}',
    'an array': '["host"]',
    'a string': '"host"',
    nothing: '',
    'text behind': '{"host":"x"}x',
    'a second object behind': '{"host":"x"}{"host":"y"}',
    'a comma at the end': '{"host":"x",}',
    'a missing brace': '{"host":"x"',
    'a missing quote': '{"host":"x}',
    'a control character': '{"host":"\u0001"}',
    'a raw newline in a value': '{"host":"a\nb"}',
    'an unknown escape': '{"host":"\\x41"}',
    'half an escape': '{"host":"\\u00',
    'a backslash at the end': '{"host":"\\'
  }
  for (const [name, text] of Object.entries(cases)) {
    test(name, () => {
      assert.equal(new Scan().read(text), undefined)
      // What stands behind a record is another one's: it must not complete this one.
      for (const after of ['"}', '41"}', '}', ':"x"}']) assert.equal(new Scan().read(text, '', after), undefined)
    })
  }
})

test('the last of two equal keys counts, also when only one of them has escapes', () => {
  assert.deepEqual(new Scan().read('{"message":"a\\nb","message":"c","host":"\\u0061","host":"b"}'), { message: 'c', host: 'b' })
  assert.deepEqual(new Scan().read('{"message":"c","message":"a\\nb","host":"b","host":"\\u0061"}'), { message: 'a\nb', host: 'a' })
})

test('any record with one byte lost or doubled is taken only where it is still JSON', () => {
  const scan = new Scan()
  const text = recordText({ message: 'a "quoted" \\ line\n', file: '/var/log', host: 'h\u00e9' }).replaceAll('/', '\\/')
  for (let at = 0; at < text.length; at++) {
    for (const damaged of [text.slice(0, at) + text.slice(at + 1), text.slice(0, at) + text[at] + text.slice(at), text.slice(0, at)]) {
      const found = scan.read(damaged)
      if (found !== undefined) assert.deepEqual(found, parsed(damaged, scan.fields.names))
    }
  }
})
