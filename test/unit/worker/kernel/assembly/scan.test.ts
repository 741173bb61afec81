import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Fields } from '../../../../../src/worker/input/fields.ts'
import { Kernel, SCAN } from '../../../../../src/worker/kernel/kernel.ts'
import { objectText } from '../../../../helpers/json-text.ts'
import { scaled } from '../../../../helpers/scaled.ts'
import { captures, encoderSettings, fieldTexts, lay, mappings, recordText } from '../../../../helpers/worker-fixtures.ts'

const settings = encoderSettings({ labels: mappings('cloud,host,ключ=é'), metadata: mappings('file,empty=') })
const names = new Fields(settings, new Kernel()).names

class Scan {
  readonly #kernel = new Kernel()
  readonly #fields = new Fields(settings, this.#kernel)
  outcome: number = SCAN.LEFT

  /** Returns the fields by name, or undefined where JSON.parse has to read the record. */
  read (text: string | Buffer, before: string | Buffer = '', after: string | Buffer = ''): Record<string, string> | undefined {
    const kernel = this.#kernel
    const [start, end] = lay(kernel, text, before, after)
    const others = (): Buffer => Buffer.concat([kernel.bytes.subarray(start - 64, start), kernel.bytes.subarray(end, end + 64)])
    const untouched = others()
    this.outcome = kernel.run.scan(start, end)
    assert.ok(others().equals(untouched), 'what lies around the record belongs to others')
    if (this.outcome === SCAN.LEFT) return undefined
    assert.equal(this.outcome, Buffer.from(text as string).some(byte => byte > 0x7f) ? SCAN.TAKEN_IF_UTF8 : SCAN.TAKEN)
    return fieldTexts(kernel, this.#fields)
  }
}

/** Returns JSON.parse's reading of the requested fields. */
function parsed (text: string): Record<string, string> {
  const record = JSON.parse(text) as Record<string, string>
  return Object.fromEntries(names.filter(name => Object.hasOwn(record, name)).map(name => [name, record[name]]))
}

const S = '[ \\n\\r\\t]*'
const STRING = '"(?:[^"\\\\\\0-\\x1f]|\\\\(?:["\\\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}))*"'
const PAIR = `${S}"[^"\\\\\\0-\\x1f]*"${S}:${S}${STRING}${S}`
/**
 * Matches what the scanner takes: a non-empty object of strings, without escapes in keys and without halves of
 * surrogate pairs.
 */
const TAKEN = new RegExp(`^${S}\\{${PAIR}(?:,${PAIR})*\\}${S}$`)

const expected = (text: string): Record<string, string> | undefined => TAKEN.test(text) ? parsed(text) : undefined

/** Bytes that would complete an incomplete record. */
const tempting = fc.constantFrom('', '}', '"}', '"', ':"x"}', ' ', '\n', ',"host":"y"}', 'y"}', '41"}', 'n"}', '\\"}', '0041"}')

suite('what the scanner takes', () => {
  for (const broken of [false, true]) {
    test(`is what JSON.parse makes of it, and nothing that it should take is left (${broken ? 'near misses among them' : 'any JSON'})`, () => {
      const scan = new Scan()
      let taken = 0
      const numRuns = scaled(6000)
      fc.assert(fc.property(objectText(names, { broken }), fc.constantFrom('', '{"a":"', '"', '\\'), tempting, (text, before, after) => {
        const found = scan.read(text, before, after)
        assert.deepEqual(found, expected(text))
        if (found !== undefined) taken++
      }), { numRuns })
      assert.ok(taken > numRuns / 40, `a fair part of the records is taken (${taken})`)
    })
  }

  test('includes every record that rsyslog was seen to write, in whatever order its keys come', () => {
    const scan = new Scan()
    for (const { case: name, records } of captures()) {
      if (name.startsWith('badutf8')) continue
      for (const record of records) {
        const text = record.toString()
        const shuffled = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()))
        for (const one of [text, shuffled, text]) assert.deepEqual(scan.read(one), parsed(text))
      }
    }
  })

  test('does not depend on the records before, nor on what follows', () => {
    // Keys about as long as a remembered separator, and the same records with other white space, or cut.
    const keys = ['host', 'hostname', 'message', 'é', '', ...[24, 25, 26, 27, 28].map(length => 'k'.repeat(length))]
    const cut = fc.option(fc.nat(), { nil: -1, freq: 3 })
    const record = fc.tuple(objectText(keys, { strings: fc.constantFrom('', 'x', 'a\\nb', 'ä') }), cut)
      .map(([text, at]) => at < 0 ? text : text.slice(0, at % (text.length + 1)))
    const scan = new Scan()
    fc.assert(fc.property(fc.array(fc.tuple(record, tempting), { minLength: 2, maxLength: 6 }), records => {
      for (const [text, after] of [...records, ...records]) assert.deepEqual(scan.read(text, '', after), expected(text))
    }), { numRuns: scaled(1500) })
  })

  test('may have more keys than there are places remembered, wanted ones at any of them', () => {
    const scan = new Scan()
    for (const place of [0, 1, 62, 63, 64, 65, 66, 199]) {
      const keys = Array.from({ length: 200 }, (_, i) => i === place ? 'host' : i === 199 - place ? 'message' : `key${i % 10}`)
      const text = `{${keys.map((key, i) => `"${key}":"v${i}"`).join(',')}}`
      for (let i = 0; i < 2; i++) assert.deepEqual(scan.read(text), parsed(text))
    }
  })

  test('values of any length, wherever an escape lies in them', () => {
    const scan = new Scan()
    const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+_.:;=*'
    for (let length = 0; length <= 70; length++) {
      const value = alphabet.slice(0, length)
      const escaped = Array.from({ length: length + 1 }, (_, at) => `${value.slice(0, at)}\\u00e9${value.slice(at)}`)
      for (const one of [value, ...escaped]) {
        const text = `{"a":"${one}","message":"${one}","host":"h"}`
        assert.deepEqual(scan.read(text), parsed(text))
      }
    }
  })
})

test('a byte beyond ASCII anywhere in a key or a value is told of, each time, whether it is UTF-8 or not; one around the record is not', () => {
  const ascii = '{"x":"plain","message":"a\\tline that is longer than one chunk\\n and goes on","host":"h"}\n'
  const scan = new Scan()
  for (let at = 0; at < ascii.length; at++) {
    if (!/[a-z ]/.test(ascii[at]) || ascii[at - 1] === '\\') continue
    for (const bytes of [Buffer.from('é'), Buffer.of(0x80), Buffer.of(0xff)]) {
      const text = Buffer.concat([Buffer.from(ascii.slice(0, at)), bytes, Buffer.from(ascii.slice(at + 1))])
      for (let i = 0; i < 2; i++) {
        scan.read(text, ascii, ascii)
        assert.equal(scan.outcome, SCAN.TAKEN_IF_UTF8, `0x${bytes.toString('hex')} at ${at}`)
      }
      for (const around of [ascii, bytes]) {
        scan.read(ascii, around, around)
        assert.equal(scan.outcome, SCAN.TAKEN)
      }
    }
  }
})

suite('what the scanner leaves to JSON.parse', () => {
  const cases: Record<string, string> = {
    'an empty object': '{}',
    'a number': '{"host":1}',
    null: '{"message":null}',
    'a nested object': '{"message":{"a":"b"}}',
    'an escape in a key': '{"\\u0068ost":"x"}',
    'a surrogate pair in a label': '{"host":"\\ud83d\\ude00"}',
    'a surrogate pair in a value nobody asked for': '{"x":"\\ud83d\\ude00"}',
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
    'an escape without its digits': '{"host":"\\u',
    'a backslash at the end': '{"host":"\\'
  }
  for (const [name, text] of Object.entries(cases)) {
    test(name, () => {
      const scan = new Scan()
      assert.equal(scan.read(text), undefined)
      // The bytes behind a record belong to another one, and must not complete this one.
      for (const after of ['"}', '41"}', 'ffff"}', '}', ':"x"}']) assert.equal(scan.read(text, '', after), undefined)
    })
  }

  test('a value whose closing quote lies behind the record, however long it is, with escapes or without', () => {
    const scan = new Scan()
    const whole = '{"host":"h","message":"m"}'
    for (let length = 0; length <= 70; length++) {
      for (const value of ['x'.repeat(length), `\\n${'x'.repeat(length)}`, `${'x'.repeat(length)}\\n`, `${'x'.repeat(length)}\\u0041`]) {
        assert.deepEqual(scan.read(whole), { host: 'h', message: 'm' })
        for (const after of ['"}', '","message":"m"}', 'x"}', '\\"}']) assert.equal(scan.read(`{"host":"${value}`, '', after), undefined)
      }
    }
  })

  test('a record that ends early, though all of it is known and lies there', () => {
    const scan = new Scan()
    const text = recordText({ message: 'a "quoted" \\ line\n' })
    for (let end = 0; end <= text.length; end++) {
      assert.deepEqual(scan.read(text), parsed(text))
      const cut = text.slice(0, end)
      assert.deepEqual(scan.read(cut, '', text.slice(end)), expected(cut))
    }
  })
})

test('the last of two equal keys counts, also when only one of them has escapes', () => {
  assert.deepEqual(new Scan().read('{"message":"a\\nb","message":"c","host":"\\u0061","host":"b"}'), { message: 'c', host: 'b' })
  assert.deepEqual(new Scan().read('{"message":"c","message":"a\\nb","host":"b","host":"\\u0061"}'), { message: 'a\nb', host: 'a' })
})

test('any record with one byte lost, doubled, cut or another is taken only where it is still JSON', () => {
  const scan = new Scan()
  const text = recordText({ message: 'a "quoted" \\ line\n', file: '/var/log', host: 'h\u00e9' }).replaceAll('/', '\\/')
  for (let at = 0; at < text.length; at++) {
    const [head, tail] = [text.slice(0, at), text.slice(at + 1)]
    const others = [...'\0\u001f"\\{},: \n\u007f\u00e9u'].map(character => head + character + tail)
    for (const damaged of [head + tail, head + text[at] + text.slice(at), head, ...others]) {
      assert.deepEqual(scan.read(damaged, '{"a":"', '"}'), expected(damaged), damaged)
    }
  }
})
