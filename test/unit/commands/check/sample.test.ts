import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { describe } from '../../../../src/commands/check/describe.ts'
import { sample } from '../../../../src/commands/check/sample.ts'
import type { Context } from '../../../../src/commands/context.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { recordText } from '../../../helpers/worker-fixtures.ts'

/** What the check says of a record that is piped in, for machines and for people. */
async function said (message: string, env: Record<string, string> = {}): Promise<{ record: Record<string, unknown>, text: string }> {
  const { config } = loadConfig(env)
  const stdin = Readable.from([recordText({ '@timestamp': new Date().toISOString(), message, file: '/f' })])
  const { record, others } = await sample({ stdin } as unknown as Context, config)
  const text = describe(config, { warnings: [], certificates: [], tried: undefined, record, others })
  return { record: record as unknown as Record<string, unknown>, text }
}

test('of a record of nothing but NULs nothing is stored, and that is said', async () => {
  for (const message of ['\0', '\0\0\0 \0']) {
    const { record, text } = await said(message)
    assert.deepEqual([record.isEmpty, record.line, record.labels], [true, '', ''])
    assert.match(text, /nothing is stored: it holds nothing but NULs/)
  }
  const { record, text } = await said('\0\0\0 text')
  assert.deepEqual([record.isEmpty, record.line], [undefined, '[3 NULs] text'])
  assert.match(text, /line {7}"\[3 NULs\] text"/)
})

test('escaped newlines are told of where they stay, and undone where the setting says so', async () => {
  const message = 'Traceback (most recent call last):#012  File "x.py"'
  const { record: off, text } = await said(message)
  assert.equal(off.line, message)
  assert.match(text, /LOKEAN_UNESCAPE_NEWLINES=on/)
  const { record: on, text: undone } = await said(message, { LOKEAN_UNESCAPE_NEWLINES: 'on' })
  assert.deepEqual([on.line, on.mended], [message.replace('#012', '\n'), ['newlines']])
  assert.doesNotMatch(undone, /LOKEAN_UNESCAPE_NEWLINES/)
})

test('a line of syslog is read as such, and so is the sample with keys of its own', async () => {
  const { config } = loadConfig({ LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_SOCKET: 'udp://127.0.0.1:0' })
  const time = new Date().toISOString()
  for (const line of [`<131>1 ${time} host1.example nova-api 7 - - text\n`, `${time} host1.example nova-api[7]: text`]) {
    const { record } = await sample({ stdin: Readable.from([line]) } as unknown as Context, config)
    assert.equal(record.line, 'text')
    assert.match(record.labels, /host="host1\.example".*source="nova-api"/)
    assert.equal(record.metadata.pid, '7')
  }
  const named = loadConfig({ LOKEAN_FIELDS: 'message=msg,time=ts' }).config
  const { record } = await sample({ stdin: Readable.from([]) } as unknown as Context, named)
  assert.equal(record.quarantined, undefined)
  assert.match(record.line, /VM Started/)
})
