import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import { LokiClient } from '../../src/sink/client.ts'
import { compress } from '../../src/worker/output/compress.ts'
import { encodePush } from '../../src/worker/output/push-schema.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { record } from '../helpers/messages.ts'
import { BOUNDED, lokean, Program } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { Gate } from './gate.ts'

const RECORDS = 4_000
/** So little may be in flight that a run is never through when it is stopped. */
const SMALL = { LOKEAN_WORKERS: '1', LOKEAN_INFLIGHT_BYTES: '1MiB', LOKEAN_PUSH_BYTES: '64KiB' }

interface Site { loki: EmbeddedLoki, gate: Gate, env: Record<string, string>, dir: string, cleanup: Cleanup }

/** A Loki with records in quarantine, half of a kilobyte each. */
async function siteOf (t: TestContext): Promise<Site> {
  const cleanup = Cleanup.of(t)
  const dir = mkdtempSync(join(tmpdir(), 'lokean-test-'))
  cleanup.add(() => { rmSync(dir, { recursive: true }) })
  const gate = new Gate()
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept: gate.intercept })
  cleanup.add(async () => { await loki.close() })
  const client = new LokiClient({ urls: [loki.url], timeoutMs: 10_000 }, 'test')
  const seconds = Math.floor(Date.now() / 1000) - 60
  const entries = Array.from({ length: RECORDS }, (_, nanos) => ({
    timestamp: { seconds, nanos },
    line: record({ host: `h${nanos % 7}`, message: `seq=${nanos} ${'x'.repeat(400)}` }),
    structuredMetadata: [{ name: 'address', value: 'rsyslog/logs' }]
  }))
  const body = compress(encodePush({ streams: [{ labels: '{source="lokean", quarantine="too_old"}', entries }] }))
  assert.equal((await client.push(0, '', body, new AbortController().signal)).kind, 'stored')
  await client.close()
  return { loki, gate, env: { ...SMALL, LOKEAN_LOKI_URL: loki.url }, dir, cleanup }
}

/** The numbers of the records that are in their place, and how many of them are there twice. */
function placed ({ loki }: Site): { numbers: Set<number>, twice: number } {
  const numbers = new Set<number>()
  let entries = 0
  loki.store.forEach(({ labels, buf, lineStart, lineEnd }) => {
    if (labels.text.includes('source="lokean"')) return
    entries++
    numbers.add(Number(/^seq=(\d+)/.exec(buf.toString('utf8', lineStart, lineEnd))?.[1]))
  })
  return { numbers, twice: entries - numbers.size }
}

const reportOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>

for (const where of ['a file', 'Loki'] as const) {
  const flagsOf = ({ dir }: Site): string[] => ['replay', '--yes', '--json', ...where === 'a file' ? ['--state', join(dir, 'state')] : []]

  test(`a stopped run stores and marks what is on its way, and is told as stopped; the next does the rest (marks in ${where})`, BOUNDED, async t => {
    const site = await siteOf(t)
    const program = new Program(site.cleanup, flagsOf(site), site.env)
    await until('some records are in their place', () => placed(site).numbers.size > 100)
    site.gate.shut()
    await until('pushes are held', () => site.gate.held > 0)
    program.kill('SIGTERM')
    site.gate.open()
    const exit = await program.exited
    const report = reportOf(exit)
    const { numbers } = placed(site)
    assert.deepEqual([exit.code, report.stopped, report.error], [1, true, undefined], exit.stderr)
    assert.equal(report.replayed, numbers.size)
    assert.ok(numbers.size < RECORDS)

    const before = site.loki.stats().duplicates
    const next = await lokean(site.cleanup, flagsOf(site), site.env)
    assert.deepEqual([next.code, reportOf(next).marked, reportOf(next).replayed], [0, numbers.size, RECORDS - numbers.size], next.stderr)
    assert.deepEqual([placed(site).numbers.size, placed(site).twice, site.loki.stats().duplicates - before], [RECORDS, 0, 0], 'each once')
  })

  test(`after a kill, at most what was on its way is sent again (marks in ${where})`, BOUNDED, async t => {
    const site = await siteOf(t)
    const program = new Program(site.cleanup, flagsOf(site), site.env)
    await until('some records are in their place', () => placed(site).numbers.size > 100)
    site.gate.shut({ stored: true })
    await until('pushes are stored and not answered', () => site.gate.held > 0)
    await program.stop('SIGKILL')
    site.gate.open()
    const { numbers } = placed(site)
    assert.ok(numbers.size < RECORDS)

    const before = site.loki.stats().duplicates
    const next = await lokean(site.cleanup, flagsOf(site), site.env)
    const { marked, replayed } = reportOf(next) as Record<string, number>
    assert.deepEqual([next.code, marked + replayed], [0, RECORDS], next.stderr)
    assert.deepEqual([placed(site).numbers.size, placed(site).twice], [RECORDS, 0], 'all are in their place')
    const again = site.loki.stats().duplicates - before
    assert.equal(again, numbers.size - marked, 'what was stored and not marked is sent again')
    assert.ok(again * 600 <= 2 ** 20 + 2 ** 16, `${again} records are more than may be in flight`)
  })
}

test('the text says what would be done, and what stays', BOUNDED, async t => {
  const site = await siteOf(t)
  const { code, stdout, stderr } = await lokean(site.cleanup, ['replay', '--label', 'nosuch=1'], site.env)
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Quarantine in Loki, put aside from \S+ to \S+\n {10}0 found that no run has replayed; 0 more are replayed already\n/)
  const all = await lokean(site.cleanup, ['replay', '--limit', '10'], { ...site.env, LOKEAN_LABELS: 'nosuch' })
  assert.equal(all.code, 1)
  assert.match(all.stdout, / 10 left where they are\n {9}10 {3}no_labels again, with the present settings\n.*T.*seq=0 xxx/)
  assert.match(all.stdout, /Ended by --limit/)
})

test('a Loki that does not answer ends the run with what it said', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const { code, stdout, stderr } = await lokean(cleanup, ['replay'], { LOKEAN_LOKI_URL: 'http://127.0.0.1:1', LOKEAN_WORKERS: '1' })
  assert.deepEqual([code, stderr], [1, ''])
  assert.match(stdout, /Ended by an error: .*ECONNREFUSED/)
})
