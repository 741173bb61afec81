import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { parseSelector } from '../helpers/selector.ts'
import { Stack } from '../helpers/stack.ts'
import { SYSLOG_CAPTURES, SYSLOG_CASES, type SyslogCase } from '../helpers/syslog-cases.ts'
import { assertCase, type StoredRecord, storedRecord } from '../helpers/syslog-expected.ts'
import { until } from '../helpers/until.ts'

const ENV = {
  LOKEAN_LISTEN: 'syslog+tcp://127.0.0.1:0',
  LOKEAN_LOKI_MAX_AGE: '87600h',
  LOKEAN_LOKI_MAX_AHEAD: '8760h',
  LOKEAN_LOKI_MAX_DISORDER: '87600h',
  // Labels, so that they can be read of the store.
  LOKEAN_LABELS: 'host,source,procid,severity,facility,structured_data'
}
const LIMITS = { maxAgeMs: Infinity, aheadMs: Infinity, disorderMs: Infinity }
/** What the year and the time of arrival decide is tried with a clock of its own, in the worker's tests. */
const UNTIMED = { time: undefined }

async function start (t: TestContext): Promise<{ stack: Stack, send: (pieces: readonly Buffer[]) => Promise<void> }> {
  const stack = await Stack.start(t, { env: ENV, loki: { limits: LIMITS } })
  const { port } = stack.log.map(line => JSON.parse(line) as { port?: number, msg: string })
    .find(({ msg }) => msg.startsWith('listening for senders')) ?? assert.fail('it says where it listens')
  const send = async (pieces: readonly Buffer[]): Promise<void> => {
    const socket = connect(port!, '127.0.0.1').on('error', () => {})
    const closed = once(socket, 'close')
    socket.resume().setNoDelay()
    for (const piece of pieces) await new Promise(resolve => { socket.write(piece, resolve) })
    socket.end()
    await closed
  }
  return { stack, send }
}

const CUTS: Record<string, (stream: Buffer) => Buffer[]> = {
  whole: stream => [stream],
  'byte by byte': stream => stream.length > 400 ? [stream] : Array.from(stream, byte => Buffer.from([byte]))
}
for (const [name, cut] of Object.entries(CUTS)) {
  test(`what real senders write, through a socket, ${name}`, async t => {
    const { stack, send } = await start(t)
    for (const one of SYSLOG_CASES) {
      const before = stack.stored().length
      const expected = one.id === 'tf-tls-on-plain-port' ? 0 : one.expect.records.length
      await send(cut(one.stream))
      await until(`${one.id} is stored`, () => stack.pipeline.inflightBytes === 0 && stack.stored().length >= before + expected)
      const records = { ...one, expect: { ...one.expect, records: one.expect.records.map(record => ({ ...record, ...UNTIMED })) } }
      assertCase(records, inOrder(storedSince(stack, before), one), { peer: '127.0.0.1', arrival: 0n })
    }
  })
}

/** Records of several streams reach the store in any order. */
function inOrder (stored: StoredRecord[], one: SyslogCase): StoredRecord[] {
  const rest = [...stored]
  const found = one.expect.records.flatMap(({ message, messageContains }) => {
    const at = rest.findIndex(record => message === undefined ? record.message.includes(messageContains ?? '') : record.message.trimEnd() === message.trimEnd())
    return at < 0 ? [] : rest.splice(at, 1)
  })
  return [...found, ...rest]
}

function storedSince (stack: Stack, before: number): StoredRecord[] {
  return stack.stored().slice(before)
    .map(({ labels, line, time }) => storedRecord({ labels, line: line.toString(), metadata: parseSelector(labels), time }))
}

test('captured connections: all nine records of each', async t => {
  const { stack, send } = await start(t)
  for (const { id, stream } of SYSLOG_CAPTURES.filter(({ id }) => id.startsWith('omfwd'))) {
    const before = stack.stored().length
    await send([stream.subarray(0, 1000), stream.subarray(1000)])
    await until(`${id} is stored`, () => stack.stored().length === before + 9)
    const sources = stack.stored().slice(before).map(({ labels }) => parseSelector(labels).source ?? '-')
    assert.deepEqual(new Set(sources), new Set(['sudo', 'nova-compute', 'keystone', 'dnsmasq-dhcp', 'heat', '-', 'a', 'header']))
  }
})

test('a whole second of equal lines: each is stored, in order, over one connection', async t => {
  const { stack, send } = await start(t)
  const lines = Array.from({ length: 300 }, (_, i) => `<13>Nov 27 10:00:00 host1 app: ${i % 3 === 0 ? 'same' : `line ${i}`}\n`)
  await send(lines.map(line => Buffer.from(line)))
  await until('all are stored', () => stack.stored().length === lines.length)
  const stored = stack.stored().sort((a, b) => Number(a.time - b.time)).map(({ line }) => `<13>Nov 27 10:00:00 host1 app: ${line}\n`)
  assert.deepEqual(stored, lines)
})
