import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { decodeParts, encoderSettings, encodeTask, recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

const encode = (records: Array<string | Buffer>, overrides = {}) => {
  const encoder = new Encoder(encoderSettings({ line: 'json', ...overrides }))
  return decodeParts(encoder.encode(encodeTask([rsyslogMessage(records)])).parts)
}

suite('the line as JSON', () => {
  test('is the record as it came, with its escapes, and without its newline', () => {
    const text = '{"@timestamp":"2026-11-22T08:13:28.486506+00:00", "host":"h", "source":"s", ' +
      '"message":" a \\"line\\"\\n", "file":"\\/var\\/log", "cloud":"c", "region":"r"}'
    const [entry] = encode([`${text}\n`])
    assert.equal(entry.line, text)
    const [plain] = encode([text], { line: 'message' })
    assert.deepEqual(entry.labels, plain.labels)
    assert.deepEqual(entry.time, plain.time)
  })

  test('has the same labels, times and metadata in each batch, whatever the message is', () => {
    const records = ['2026-11-22 08:00:01.234 7 ERROR nova [req-5d3f0c1e-3f6a-4ac5-8c5c-0c6c4a6f9b57] x', 'é', 'a\tb']
      .map(message => recordText({ message }))
    const [json, plain] = ['json', 'message'].map(line => encode(records, { line }))
    assert.deepEqual(json.map(({ line }) => line), records.map(record => record.trimEnd()))
    assert.deepEqual(json.map(({ line: _, ...rest }) => rest), plain.map(({ line: _, ...rest }) => rest))
  })

  test('is JSON also where the record was mended', () => {
    const broken = recordText({ message: 'xx' }).replace('xx', 'a\\d')
    const [mended] = encode([broken])
    assert.equal((JSON.parse(mended.line) as { message: string }).message, 'a\\d')
    const front = `${recordText({ message: 'x' }).split('"x"')[0]}"`
    const [pieces] = encode([Buffer.concat([Buffer.from(front), Buffer.from([0xff]), Buffer.from('"}')])])
    assert.equal((JSON.parse(pieces.line) as { message: string }).message, '\ufffd')
  })

  test('is made of the fields where pieces of a line were joined', () => {
    const time = '2026-11-22T08:13:28.486506789+00:00'
    const piece = (flag: string, text: string): string => recordText({ message: `${time} stdout ${flag} ${text}` })
    const [entry, ...others] = encode([piece('P', 'be'), piece('F', 'gin')])
    assert.deepEqual(others, [])
    const { message, host } = JSON.parse(entry.line) as Record<string, string>
    assert.match(message, / stdout F begin$/)
    assert.equal(host, 'host1')
  })

  test('has nothing that a rule takes out, in whichever key it stands and however it is escaped', () => {
    const redact = [{ name: 'login', text: 'hunter', pattern: 'hunter[0-9/]+' }]
    const texts = ['hunter2', 'hunter\\/2', 'h\\u0075nter2'].flatMap(secret => [
      recordText({ message: 'xx' }).replace('xx', `of ${secret} here`), recordText({ more: 'xx' }).replace('xx', secret)
    ])
    for (const { line } of encode(texts, { redact })) {
      assert.doesNotMatch(JSON.stringify(JSON.parse(line)), /hunter/)
      assert.match(line, /\[redacted:login\]/)
    }
  })

  test('a record in quarantine is as it came anyway, and one of nothing but NULs is still none', () => {
    assert.equal(encode(['{"message":"x"}'])[0].line, '{"message":"x"}')
    assert.deepEqual(encode([recordText({ message: '\0\0' })]), [])
  })
})
