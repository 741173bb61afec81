import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { poisoned } from '../helpers/poison.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { until } from '../helpers/until.ts'
import { recordText, rsyslogMessage } from '../helpers/worker-fixtures.ts'
import { scenario } from './scenario.ts'
import { ADDRESS } from './site-load.ts'
import { FEW_STREAMS, type Site } from './site.ts'

/** Returns the lines of a quarantine stream in the site's store. */
function quarantined (site: Site, reason: string): string[] {
  const lines: string[] = []
  site.loki.store.forEach(({ labels, buf, lineStart, lineEnd }) => {
    if (labels.text.includes(`quarantine="${reason}"`)) lines.push(buf.toString('utf8', lineStart, lineEnd))
  })
  return lines
}

function directory (site: Site): string {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-faults-'))
  site.cleanup.add(() => { rmSync(dir, { recursive: true, force: true }) })
  return dir
}

scenario('Lokean', 'SIGTERM under load, again and again', {}, async site => {
  let program = site.start()
  site.send()
  for (const share of [0.1, 0.3, 0.5, 0.7]) {
    await site.settled(share)
    const { code, stderr } = await site.stop(program)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.equal((await program.logged('stopped')).unsettledBytes, 0)
    program = site.start()
    await site.over()
  }
})

const BACKLOG = { records: 200_000, backlogMs: 3 * 3_600_000 }

scenario('Lokean', 'gets a backlog of three hours ago beside new records, two instances', BACKLOG, async site => {
  for (const workers of ['1', '2']) site.start({ LOKEAN_WORKERS: workers })
  await site.bus.until(({ 'rsyslog/logs': address }) => address?.receivers === 2)
  site.send()
  await site.settled(1)
  const found = { old: 0, new: 0, quarantined: 0, inBacklog: 0 }
  const between = Date.now() / 1000 - 1.5 * 3600
  site.loki.store.forEach(({ labels, seconds }) => {
    const { host, backlog, quarantine } = Object.fromEntries(labels.labels.map(({ name, value }) => [name, value]))
    if (quarantine !== undefined) found.quarantined++
    else if (host !== undefined) found[seconds < between ? 'old' : 'new']++
    if (backlog !== undefined) found.inBacklog++
  })
  const half = BACKLOG.records / 2
  assert.ok(found.inBacklog > 0.8 * half, JSON.stringify(found))
  assert.deepEqual(found, { old: half, new: half, quarantined: 0, inBacklog: found.inBacklog })
})

const TRACEBACKS = 300
const TRACEBACK = [
  'Traceback (most recent call last):', '  File "a.py", line 1', '    run()', '  File "b.py", line 2', '    fail()', 'KeyError: 7'
]

scenario('Lokean', 'gets tracebacks, six lines of one second in one message, half of them twice', FEW_STREAMS, async site => {
  site.start()
  const sender = await RawSender.connect(site.bus.port, ADDRESS)
  site.cleanup.add(async () => { await sender.close() })
  site.send()
  const second = new Date().toISOString().slice(0, 19)
  const messages = Array.from({ length: TRACEBACKS }, (_, i) => rsyslogMessage(
    TRACEBACK.map(line => recordText({ '@timestamp': `${second}Z`, host: `traceback-${i}`, message: ` ${line}` }))
  ))
  const sent = messages.flatMap((message, i) => i % 2 === 0 ? [message] : [message, message])
  await Promise.all(sent.map(async message => await sender.deliver(message)))
  await site.settled(1)
  const found = new Map<string, Array<{ nanos: number, line: string }>>()
  site.loki.store.forEach(({ labels, nanos, buf, lineStart, lineEnd }) => {
    const host = /host="(traceback-\d+)"/.exec(labels.text)?.[1]
    if (host === undefined) return
    const lines = found.get(host) ?? []
    found.set(host, lines)
    lines.push({ nanos, line: buf.toString('utf8', lineStart, lineEnd) })
  })
  assert.equal(found.size, TRACEBACKS)
  for (const lines of found.values()) assert.deepEqual(lines, TRACEBACK.map((line, nanos) => ({ nanos, line })))
})

scenario('Lokean', 'SIGKILL at random moments', {}, async site => {
  let program = site.start()
  site.send()
  let share = 0
  for (let kills = 0; kills < 6; kills++) {
    share += (1 + site.below(14)) / 100
    await site.settled(share)
    await site.stuck(1 + site.below(100))
    assert.equal((await site.stop(program, 'SIGKILL')).signal, 'SIGKILL')
    program = site.start()
    await site.over()
  }
})

scenario('Lokean', 'three instances, one killed and one added under load', { records: 300_000 }, async site => {
  const [first] = [site.start(), site.start(), site.start()]
  await site.bus.until(({ 'rsyslog/logs': address }) => address?.receivers === 3)
  site.send()
  await site.settled(0.2)
  await site.stop(first, 'SIGKILL')
  await site.over()
  await site.settled(0.4)
  site.start()
  await site.bus.until(({ 'rsyslog/logs': { receivers } }) => receivers === 3)
})

/**
 * Starts workers that poison harms (test/helpers/poison.ts), and mixes poisoned messages into the others. Returns how
 * the poisoned ones ended.
 */
async function withPoison (site: Site, how: string, share: number): Promise<{ message: Buffer, failures: Map<string, number> }> {
  const program = site.start({
    ...poisoned(pathToFileURL(join('dist', 'worker', 'encoder.js')), directory(site)),
    LOKEAN_WORKERS: '2',
    LOKEAN_WORKER_TIMEOUT: how.startsWith('hang') ? '2s' : '30s'
  })
  site.send()
  await site.settled(share)
  const sender = await RawSender.connect(site.bus.port, 'rsyslog/logs')
  site.cleanup.add(async () => { await sender.close() })
  const now = new Date().toISOString()
  const message = rsyslogMessage([
    recordText({ '@timestamp': now, message: 'beside it' }), recordText({ '@timestamp': now, message: `a line poison=${how}` })
  ])
  assert.equal(await sender.deliver(message), 1)
  const { body } = await program.ask('/metrics')
  const failures = new Map([...body.matchAll(/^lokean_worker_failures_total\{kind="(\w+)"\} (\d+)$/gm)].map(([, kind, count]) => [
    kind, Number(count)
  ]))
  return { message, failures }
}

for (const [how, kind, what] of [
  ['throw', 'threw', 'throws'], ['memory', 'died', 'runs out of memory'], ['hang', 'hung', 'hangs']
] as const) {
  scenario('Lokean', `a worker thread ${what}`, {}, async site => {
    const { failures } = await withPoison(site, `${how}-once`, 0.2)
    assert.equal(failures.get(kind), 1)
    assert.deepEqual(quarantined(site, 'worker_failed'), [])
  })

  scenario('Lokean', `a message on which every worker thread ${what}`, {}, async site => {
    const { message, failures } = await withPoison(site, how, 0.2)
    assert.ok(failures.get(kind) as number >= 2)
    assert.deepEqual(quarantined(site, 'worker_failed'), [`${message.length} bytes, base64: ${message.toString('base64')}`])
  })
}

/** Mounts a small disk that is soon full. */
function mountSmall (dir: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' })
}

function cannotMount (): string | false {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-faults-'))
  try {
    mountSmall(dir)
    execFileSync('umount', [dir])
    return false
  } catch {
    return 'a disk of its own cannot be mounted here'
  } finally {
    rmSync(dir, { recursive: true })
  }
}

scenario('Lokean', 'the disk of the dead letters is full', { limits: { lineBytes: 4096 }, skip: cannotMount }, async site => {
  const dir = directory(site)
  mountSmall(dir)
  site.cleanup.add(() => { execFileSync('umount', [dir]) })
  const program = site.start({ LOKEAN_DEAD_LETTER_DIR: dir })
  site.send()
  const sender = await RawSender.connect(site.bus.port, 'rsyslog/logs')
  site.cleanup.add(async () => { await sender.close() })
  const now = new Date().toISOString()
  const settled: string[] = []
  const long = Array.from({ length: 40 }, async (_, i) => {
    settled.push(await sender.send(rsyslogMessage([recordText({ '@timestamp': now, host: `h${i}`, message: `${i} ${'x'.repeat(5000)}` })])))
  })
  await program.logged(
    'some records are held until what stops them is mended', ({ message }) => String(message).startsWith('writing a dead letter failed')
  )
  assert.ok(settled.length < long.length, 'what is not on the disk is not accepted')
  execFileSync('mount', ['-o', 'remount,size=1m', dir])
  await Promise.all(long)
  assert.ok(settled.every(outcome => outcome === 'accepted'))
})

scenario('Lokean', 'the clock steps back an hour, and forward again', {}, async site => {
  const file = join(directory(site), 'clock')
  const program = site.start({ NODE_OPTIONS: `--import=${new URL('../helpers/clock.js', import.meta.url).href}`, CLOCK_FILE: file })
  site.send()
  for (const [share, hours] of [[0.3, '-1'], [0.6, '0']] as const) {
    await site.settled(share)
    program.kill('SIGUSR2')
    await until('the clock is set', () => existsSync(file) && readFileSync(file, 'utf8') === hours)
    await site.over()
  }
})
