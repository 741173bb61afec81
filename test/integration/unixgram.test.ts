import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { needsUnixDgram, socketPath, UnixSender } from '../helpers/unix-sender.ts'
import { until } from '../helpers/until.ts'

const addon = needsUnixDgram()

/** Returns how often each number of `id=` is stored. */
function ids (stack: Stack): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { line } of stack.stored()) {
    const id = Number(/^id=(\d+)/.exec(line.toString('latin1'))?.[1])
    if (!Number.isNaN(id)) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

function assertEachOnce (stack: Stack, count: number): void {
  const stored = ids(stack)
  assert.equal(stored.size, count)
  assert.ok([...stored.values()].every(times => times === 1), 'each once')
}

test('what comes to a Unix socket is stored, each record once, the largest and those for quarantine too', addon, async t => {
  const path = socketPath(Cleanup.of(t))
  const address = `unixgram:${path}`
  const stack = await Stack.start(t, {
    workers: 2,
    env: { LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_SOCKET: `${address};cloud=edge;tenant=t` },
    loki: { authEnabled: true }
  })
  const sender = new UnixSender(stack.cleanup, path)
  const count = 5000
  for (let i = 0; i < count; i++) await sender.send(record({ message: `id=${i}`, cloud: 'other' }))
  const filler = 65_535 - Buffer.byteLength(record({ message: 'long ' }))
  const longest = record({ message: `long ${'x'.repeat(filler)}` })
  assert.equal(Buffer.byteLength(longest), 65_535)
  await sender.send(longest)
  const tooLong = record({ message: `long ${'x'.repeat(70_000)}` })
  await sender.send(tooLong)
  await sender.send('not JSON')
  await until('all is stored', () => stack.stored().length === count + 3)
  assertEachOnce(stack, count)
  assert.equal(stack.stored().filter(({ line }) => line.toString() === `long ${'x'.repeat(filler)}`).length, 1)
  const quarantined = stack.stored().filter(({ labels }) => labels.includes('quarantine="invalid_json"')).map(({ line }) => line.toString())
  assert.deepEqual(quarantined, [tooLong.slice(0, 65_536)], 'what is longer is cut, and so no JSON')
  assert.equal(stack.stored().filter(({ line }) => line.toString() === 'not JSON').length, 1, 'what is not JSON is the text of a record')
  assert.deepEqual(new Set(stack.stored().map(({ tenant }) => tenant)), new Set(['t']))
  assert.match(stack.stored()[0].labels, /cloud="edge"/)
  await until('it is ready', () => stack.pipeline.status().ready)
  assert.deepEqual(stack.pipeline.status().checks.socket, { ok: true, detail: 'listening' })
  assert.equal(await stack.metric('lokean_records_received_total', { address }), count + 3)
  assert.equal(await stack.metric('lokean_link_up', { address }), 1)
  assert.deepEqual(await stack.stop(), { unsettledBytes: 0 })
})

test('while Loki does not answer the sender waits; what the kernel has taken is stored by an orderly stop', addon, async t => {
  const path = socketPath(Cleanup.of(t))
  let release = (): void => {}
  const held = new Promise<void>(resolve => { release = resolve })
  const stack = await Stack.start(t, {
    workers: 2,
    env: {
      LOKEAN_AMQP_ADDRESSES: 'off',
      LOKEAN_SOCKET: `unixgram:${path}`,
      LOKEAN_INFLIGHT_BYTES: '1MiB',
      LOKEAN_PUSH_BYTES: '256KiB',
      LOKEAN_DRAIN_TIMEOUT: '60s'
    },
    loki: { intercept: () => ({ kind: 'hang', release: held }) }
  })
  stack.cleanup.add(release)
  const sender = new UnixSender(stack.cleanup, path)
  let taken = 0
  const stopping = new AbortController()
  const flood = (async () => {
    while (!stopping.signal.aborted) {
      await sender.send(record({ message: `id=${taken} ${'x'.repeat(1000)}` }))
      taken++
    }
  })().catch(() => {}) // no program listens any more
  // Unhindered, more would go through in this time than all budgets and buffers hold. The kernel stops the sender.
  await until('the sender waits', () => sender.waits > 0 && stack.pipeline.inflightBytes > 600_000)
  let waited = -1
  await until('and waits on', () => { const same = waited === taken; waited = taken; return same })
  assert.ok(stack.pipeline.inflightBytes <= 2 ** 20)
  assert.equal(ids(stack).size, 0)
  stopping.abort()
  const before = taken
  const stopped = stack.stop()
  release()
  assert.deepEqual(await stopped, { unsettledBytes: 0 })
  await flood
  // The last datagram may be lost: a connected sender is not told when it comes too late.
  const stored = ids(stack)
  if (stored.delete(before)) assert.equal(taken, before + 1)
  assert.deepEqual([...stored.keys()].sort((a, b) => a - b), Array.from({ length: before }, (_, i) => i))
  assert.ok([...stored.values()].every(times => times === 1), 'each once')
  sender.close()
})

test('a reading process that is killed is not ready, said, and replaced', addon.skip === false && process.platform !== 'linux' ? { skip: 'no /proc here' } : addon, async t => {
  const path = socketPath(Cleanup.of(t))
  const stack = await Stack.start(t, { env: { LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_SOCKET: `unixgram:${path}` } })
  await new UnixSender(stack.cleanup, path).send(record({ message: 'id=0' }))
  await until('it is stored', () => ids(stack).has(0) && stack.pipeline.status().ready)
  const [pid] = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ')
  process.kill(Number(pid), 'SIGKILL')
  await until('it is noticed', () => !stack.pipeline.status().ready)
  assert.equal(await stack.metric('lokean_link_up', { address: `unixgram:${path}` }), 0)
  await until('another is there', () => stack.pipeline.status().ready)
  await new UnixSender(stack.cleanup, path).send(record({ message: 'id=1' }))
  await until('it is stored', () => ids(stack).has(1))
  assert.ok(stack.log.some(line => line.includes('the process that reads the socket has ended')))
})
