import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ConfigError, type LokeanError } from '../../../../src/errors.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { DatagramSource } from '../../../../src/source/datagrams/datagram-source.ts'
import type { UnixReader } from '../../../../src/source/datagrams/unix-reader.ts'
import type { SourceEvents } from '../../../../src/source/source.ts'
import { readSyslogRecords } from '../../../../src/worker/input/syslog-records.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { collectedLog, type LogLine } from '../../../helpers/collected-log.ts'
import { needsUnixDgram, socketPath, UnixSender } from '../../../helpers/unix-sender.ts'
import { turn, until } from '../../../helpers/until.ts'

const MIB = 2 ** 20
const addon = needsUnixDgram()
const onLinux = addon.skip === false && !existsSync('/proc/self/task') ? { skip: 'no /proc here' } : addon

/** Returns the processes that read sockets for this one. */
function children (): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim().split(' ').filter(pid => pid !== '').map(Number)
}

interface Running {
  source: DatagramSource,
  path: string,
  lines: LogLine[],
  sender (): UnixSender,
  budget: Budget,
  records: Buffer[],
  costs: number[],
  most: number,
  start (): void,
  giveBack (): void,
  close (): Promise<void>
}

async function running (t: TestContext, { limit = 8 * MIB } = {}): Promise<Running> {
  const cleanup = Cleanup.of(t)
  const path = socketPath(cleanup)
  const budget = new Budget(`unixgram:${path}`, limit)
  const { log, lines } = collectedLog()
  const source = await DatagramSource.open({
    origin: { address: budget.address, labels: [], tenant: undefined },
    setting: 'LOKEAN_SOCKET',
    budget,
    place: { kind: 'unix', path },
    log
  })
  cleanup.add(async () => { await source.close() })
  const run: Running = {
    source,
    path,
    lines,
    budget,
    records: [],
    costs: [],
    most: 0,
    sender: () => new UnixSender(cleanup, path),
    start () {
      const onDelivery: SourceEvents['onDelivery'] = ({ message, cost }) => {
        readSyslogRecords(message, 0, message.length, {
          peer: () => {},
          record: () => assert.fail('none of the bus'),
          syslogRecord: (start, end) => { run.records.push(Buffer.from(message.subarray(start, end))) },
          bad: () => assert.fail()
        })
        run.costs.push(cost)
        run.most = Math.max(run.most, budget.used)
      }
      source.start({ onDelivery, onGone: () => {}, onFatal: error => { throw error } })
    },
    giveBack () {
      for (const cost of run.costs.splice(0)) budget.release(cost)
      source.grant()
    },
    close: async () => { await source.close() }
  }
  return run
}

test('each datagram is a record, whatever its bytes and its length up to the largest', addon, async t => {
  const run = await running(t)
  run.start()
  const sent = [
    Buffer.from('{"a":1}\n'), Buffer.of(0, 0xff, 0x80), Buffer.alloc(0), Buffer.alloc(255, 'x'), Buffer.alloc(9000, 'z'),
    Buffer.alloc(65_535, 'w'), Buffer.alloc(65_536, 'v'), Buffer.from('last')
  ]
  const sender = run.sender()
  for (const record of sent) await sender.send(record)
  await until('they are here', () => run.records.length === sent.length)
  assert.ok(run.records.every((record, i) => record.equals(sent[i])))
  assert.equal(run.source.counters.dropped, undefined)
})

test('a longer one is cut to 64 KiB', addon, async t => {
  const run = await running(t)
  run.start()
  await run.sender().send(Buffer.alloc(70_000, 'x'))
  await until('it is here', () => run.records.length === 1)
  assert.equal(run.records[0].length, 65_536)
})

test('what comes before it is started waits in the kernel; what came before it is stopped is read, and the file is gone', addon, async t => {
  const run = await running(t)
  const sender = run.sender()
  let early = 0
  while (await sender.try(`record ${early}`)) early++
  assert.ok(early > 0)
  assert.equal(run.records.length, 0)
  run.start()
  for (let i = early; i < early + 300; i++) await sender.send(`record ${i}`)
  await run.source.stop()
  assert.deepEqual(run.records.map(String), Array.from({ length: early + 300 }, (_, i) => `record ${i}`))
  assert.equal(run.source.status().ok, false)
  assert.ok(!existsSync(run.path))
  await assert.rejects(sender.send('too late'))
})

test('a sender that never stops does not keep it from stopping', addon, async t => {
  const run = await running(t)
  run.start()
  const sender = run.sender()
  const sending = new AbortController()
  const flood = (async () => { while (!sending.signal.aborted) await sender.send('again') })().catch(() => {})
  await until('they come', () => run.records.length > 100)
  await run.source.stop()
  sending.abort()
  await flood
})

test('a budget that is used up is never overdrawn: the sender waits, and nothing is lost', addon, async t => {
  const run = await running(t, { limit: MIB })
  run.start()
  const sender = run.sender()
  const total = 3000
  const sending = (async () => { for (let i = 0; i < total; i++) await sender.send(Buffer.from(`${i}`.padEnd(1000))) })()
  await until('the sender waits', () => sender.waits > 0 && run.budget.room < MIB / 2)
  while (run.records.length < total) {
    const before = run.records.length
    run.giveBack()
    await until('more comes with the room', () => run.records.length > before)
  }
  await sending
  assert.ok(run.most <= MIB, `${run.most} bytes`)
  assert.deepEqual(run.records.map(record => Number(record.toString())), Array.from({ length: total }, (_, i) => i))
  run.giveBack()
  assert.equal(run.budget.used, 0)
})

test('while a budget is used up it says that nobody can send more; with the room more comes, but not during the call', addon, async t => {
  const run = await running(t, { limit: MIB })
  run.start()
  assert.ok(run.source.canSendMore())
  const sender = run.sender()
  const full = async (): Promise<void> => {
    while (run.source.canSendMore()) await sender.try(Buffer.alloc(60_000)).then(async () => await turn())
  }
  for (const call of ['grant', 'stop'] as const) {
    await full()
    const before = run.records.length
    for (const cost of run.costs.splice(0)) run.budget.release(cost)
    const called = run.source[call]()
    assert.equal(run.records.length, before, call)
    await until('more is here', () => run.records.length > before)
    await until('it has what there is', () => { run.giveBack(); return run.records.length === sender.sent })
    await called
  }
  assert.ok(!run.source.canSendMore(), 'it has stopped')
})

test('its process is started anew when it is killed, and what comes then is read', onLinux, async t => {
  const run = await running(t)
  run.start()
  for (const round of [0, 1]) {
    const [pid] = children()
    process.kill(pid, 'SIGKILL')
    await until('it is gone', () => !run.source.status().ok)
    assert.match(run.source.status().detail, /not listening/)
    await until('there is another', () => run.source.status().ok)
    assert.notEqual(children()[0], pid)
    await run.sender().send(`round ${round}`)
    await until('it reads', () => run.records.length === round + 1)
  }
  const told = run.lines.filter(({ level }) => level === 'warn')
  assert.deepEqual(told.map(({ reason }) => reason), ['SIGKILL', 'SIGKILL'])
  assert.equal(run.lines.filter(({ msg }) => msg.startsWith('listening for datagrams')).length, 3)
})

test('signals to the whole group are not for its process', onLinux, async t => {
  const run = await running(t)
  run.start()
  const [pid] = children()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.kill(pid, signal)
  await run.sender().send('still here')
  await until('it reads', () => run.records.length === 1)
  assert.deepEqual(children(), [pid])
})

test('it stops, and closes, while its process is about to be started anew', onLinux, async t => {
  const run = await running(t)
  run.start()
  process.kill(children()[0], 'SIGKILL')
  await until('it is gone', () => !run.source.status().ok)
  await run.source.stop()
  await run.close()
  assert.deepEqual(children(), [])
})

for (const state of ['held', 'reading', 'full']) {
  test(`closed while ${state}, it leaves neither process nor file nor descriptor`, onLinux, async t => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length
    // Node opens some resources with its first child and keeps them.
    spawnSync('true')
    await (await running(t)).close()
    const before = descriptors()
    const run = await running(t, { limit: MIB })
    if (state !== 'held') run.start()
    if (state === 'full') {
      const sender = run.sender()
      // About fifteen datagrams fill the budget. The rest is on its way or in the kernel.
      while (sender.sent < 18) await sender.try(Buffer.alloc(60_000)).then(async () => await turn())
      sender.close()
    }
    await run.close()
    assert.deepEqual(children(), [])
    assert.ok(!existsSync(run.path))
    await until('all is closed', () => descriptors() <= before)
  })
}

test('a path that another listens at, or that is no socket, is a wrong setting; a socket that is left is replaced', addon, async t => {
  const { path } = await running(t)
  const open = async (path: string): Promise<DatagramSource> => {
    const budget = new Budget(`unixgram:${path}`, MIB)
    return await DatagramSource.open({
      origin: { address: budget.address, labels: [], tenant: undefined },
      setting: 'LOKEAN_SOCKET',
      budget,
      place: { kind: 'unix', path },
      log: collectedLog().log
    })
  }
  const refusal = (
    path: string, why: string
  ) => (error: unknown) => error instanceof ConfigError && error.message === `LOKEAN_SOCKET is "unixgram:${path}": ${why}`
  await assert.rejects(open(path), refusal(path, 'another process listens there'))
  const file = `${path}.txt`
  writeFileSync(file, '')
  await assert.rejects(open(file), refusal(file, 'what is there is no socket, and is left alone'))
  await assert.rejects(open(`${path}/x`), refusal(`${path}/x`, 'cannot look at the path (ENOTDIR)'))
  const nowhere = join(path, '..', 'nowhere', 'x')
  await assert.rejects(open(nowhere), refusal(nowhere, 'cannot listen there (ENOENT)'))
  assert.ok(existsSync(path))
  const left = `${path}.left`
  spawnSync(process.execPath, ['-e', `require('unix-dgram').createSocket('unix_dgram').bind(${JSON.stringify(left)}); process.kill(process.pid, 'SIGKILL')`])
  assert.ok(existsSync(left))
  await (await open(left)).close()
  assert.ok(!existsSync(left))
})

test('where the package cannot be loaded it says what to install', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-'))
  Cleanup.of(t).add(() => { rmSync(dir, { recursive: true }) })
  const source = new URL('../../../../src/', import.meta.url)
  for (const part of ['source', 'errors.js', 'backoff.js']) cpSync(new URL(part, source), join(dir, part), { recursive: true })
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  const addon = join(dir, 'node_modules', 'unix-dgram')
  mkdirSync(addon, { recursive: true })
  writeFileSync(join(addon, 'package.json'), '{"main":"index.cjs"}')
  writeFileSync(join(addon, 'index.cjs'), "throw new Error('it was not built')")
  const { UnixReader: Elsewhere } = await import(pathToFileURL(join(
    dir, 'source', 'datagrams', 'unix-reader.js'
  )).href) as { UnixReader: typeof UnixReader }
  const events = { message: assert.fail, stopped: assert.fail, failed: assert.fail }
  const path = join(dir, 'logs.sock')
  await assert.rejects(Elsewhere.open({ setting: 'LOKEAN_SOCKET', address: `unixgram:${path}`, path, log: collectedLog().log }, events),
    ({ code, message }: LokeanError) => code === 'LOKEAN_CONFIG' &&
      /unix-dgram cannot be loaded by Node v.*C\+\+ compiler.*npm rebuild unix-dgram.*\(it was not built\)/.test(message))
})
