import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { ConfigError } from '../../../../src/errors.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { shareOut } from '../../../../src/source/budget/share-out.ts'
import { DatagramSource } from '../../../../src/source/datagrams/datagram-source.ts'
import type { Connection, SourceEvents } from '../../../../src/source/source.ts'
import { readSyslogRecords } from '../../../../src/worker/input/syslog-records.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { collectedLog } from '../../../helpers/collected-log.ts'
import { turn, until } from '../../../helpers/until.ts'

const MIB = 2 ** 20

interface Running {
  source: DatagramSource,
  connections: Set<Connection>,
  port: number,
  budget: Budget,
  records: Buffer[],
  costs: number[],
  bad: number,
  most: number,
  ids: number[],
  send (record: Uint8Array | string): Promise<void>,
  start (): void,
  giveBack (): void
}

interface Setup { host?: string, limit?: number, receiveBuffer?: number, budget?: Budget }

async function running (
  t: TestContext, { host = '127.0.0.1', limit = 8 * MIB, receiveBuffer = 208 * 1024, budget = new Budget('udp', limit) }: Setup = {}
): Promise<Running> {
  const cleanup = Cleanup.of(t)
  const { log, lines } = collectedLog()
  const source = await DatagramSource.open({
    origin: { address: 'udp', labels: [], tenant: undefined },
    setting: 'LOKEAN_SOCKET',
    budget,
    place: { kind: 'udp', host, port: 0, receiveBuffer },
    log
  })
  const port = lines[0].port as number
  cleanup.add(async () => { await source.close() })
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.connect(port, host)
  await once(socket, 'connect')
  cleanup.add(async () => { const closed = once(socket, 'close'); socket.close(); await closed })
  const run: Running = {
    source,
    connections: new Set(),
    port,
    budget,
    records: [],
    costs: [],
    ids: [],
    bad: 0,
    most: 0,
    async send (record) {
      await new Promise<void>((resolve, reject) => { socket.send(record, error => { error === null ? resolve() : reject(error) }) })
    },
    start () {
      const onDelivery: SourceEvents['onDelivery'] = ({ id, message, cost, connection }) => {
        run.connections.add(connection)
        readSyslogRecords(message, 0, message.length, {
          peer: () => {},
          record: () => assert.fail('none of the bus'),
          syslogRecord: (start, end) => { run.records.push(Buffer.from(message.subarray(start, end))) },
          bad: () => { run.bad++ }
        })
        run.costs.push(cost)
        run.ids.push(id)
        run.most = Math.max(run.most, budget.used)
      }
      source.start({ onDelivery, onGone: () => {}, onFatal: error => { throw error } })
    },
    giveBack () {
      for (const cost of run.costs.splice(0)) budget.release(cost)
      source.grant()
    }
  }
  return run
}

for (const host of ['127.0.0.1', '::1']) {
  test(`each datagram is a record, whatever its bytes and its length up to the largest (${host})`, async t => {
    const run = await running(t, { host })
    run.start()
    const sent = [
      Buffer.from('{"a":1}\n'), Buffer.of(0, 0xff, 0x80), Buffer.alloc(0), Buffer.alloc(255, 'x'), Buffer.alloc(256, 'y'),
      Buffer.alloc(9000, 'z'), Buffer.alloc(65_507, 'w'), Buffer.from('last')
    ]
    for (const [i, record] of sent.entries()) {
      await run.send(record)
      await until('it is here', () => run.records.length > i)
    }
    assert.ok(run.records.every((record, i) => record.equals(sent[i])))
    assert.equal(run.bad, 0)
    assert.deepEqual(run.ids, run.ids.map((_, i) => i), 'numbered as a session numbers its deliveries')
    assert.equal(run.connections.size, 1)
  })
}

test('while another address holds all that is shared, the socket is read through its own part', async t => {
  const [budget, other] = shareOut(2 * MIB, ['udp', 'other']).values()
  while (other.room > 0) other.lease(other.room)
  const run = await running(t, { budget })
  run.start()
  for (let i = 0; i < 100; i++) {
    await run.send(Buffer.alloc(20_000, 'x'))
    await until('it is here', () => run.records.length > i)
    if (i % 10 === 9) run.giveBack()
  }
  assert.ok(run.most > 9 * 20_000 && run.most <= budget.own, `${run.most} bytes`)
})

test('what comes before it is started waits in the kernel; what came before it is stopped is read, and nothing after', async t => {
  const run = await running(t)
  for (let i = 0; i < 50; i++) await run.send(`early ${i}`)
  assert.equal(run.records.length, 0)
  run.start()
  await until('they are here', () => run.records.length === 50)
  for (let i = 0; i < 100; i++) await run.send(`late ${i}`)
  await run.source.stop()
  assert.deepEqual(run.records.map(String), [
    ...Array.from({ length: 50 }, (_, i) => `early ${i}`), ...Array.from({ length: 100 }, (_, i) => `late ${i}`)
  ])
  assert.equal(run.source.status().ok, false)
})

test('a budget that is used up is never overdrawn: the kernel keeps what it can, counts what it drops, and the rest comes with the room', { skip: !existsSync('/proc/net/udp') && 'no /proc/net/udp here' }, async t => {
  const limit = MIB
  const run = await running(t, { limit, receiveBuffer: 64 * 1024 })
  run.start()
  let total = 0
  const send = async (): Promise<void> => { await run.send(Buffer.alloc(1000, total++ % 256)) }
  const dropped = (): number => run.source.counters.dropped ?? assert.fail('the kernel does not tell')
  // The loop watches the reader's progress and counts nothing. The kernel drops most of a burst before a slow reader
  // gets a turn.
  while (run.budget.room >= 65_536 + 1024) {
    for (let i = 0; i < 50; i++) await send()
    await turn()
  }
  const before = dropped()
  while (dropped() === before || run.source.canSendMore()) {
    await send()
    await turn()
  }
  assert.ok(run.records.length < total - dropped(), 'what has not been dropped is held by the kernel')
  run.giveBack()
  await until('all that was not dropped is here', () => { run.giveBack(); return run.records.length + dropped() === total })
  assert.ok(run.most <= limit, `${run.most} bytes`)
  run.giveBack()
  assert.equal(run.budget.used, 0)
  assert.ok(run.source.canSendMore())
})

test('a port that is taken is a wrong setting, and nothing stays open', async t => {
  const { port } = await running(t)
  const budget = new Budget('udp://127.0.0.1:x', MIB)
  await assert.rejects(DatagramSource.open({
    origin: { address: budget.address, labels: [], tenant: undefined },
    setting: 'LOKEAN_SOCKET',
    budget,
    place: { kind: 'udp', host: '127.0.0.1', port, receiveBuffer: 65_536 },
    log: collectedLog().log
  }),
  (error: unknown) => error instanceof ConfigError && error.message === 'LOKEAN_SOCKET is "udp://127.0.0.1:x": the port is in use')
})

test('a kernel that gives less than was asked for is told of', async t => {
  const { log, lines } = collectedLog()
  const source = await DatagramSource.open({
    origin: { address: 'udp', labels: [], tenant: undefined },
    setting: 'LOKEAN_SOCKET',
    budget: new Budget('udp', MIB),
    place: { kind: 'udp', host: '127.0.0.1', port: 0, receiveBuffer: 2 ** 30 },
    log
  })
  Cleanup.of(t).add(async () => { await source.close() })
  assert.ok(
    lines.some(({ level, mend, msg }) => level === 'warn' && `${msg}${String(mend)}`.includes('net.core.rmem_max')), JSON.stringify(lines)
  )
})
