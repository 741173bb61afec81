import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { leftCounts, placed, runReplay } from '../helpers/replay.ts'
import { Stack } from '../helpers/stack.ts'

async function directory (t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
  t.after(async () => { await rm(dir, { recursive: true }) })
  return dir
}

/** A stack whose Loki takes no line of more than 1,000 bytes, with these records sent. */
async function withLetters (t: TestContext, dir: string, records: readonly string[], env: Record<string, string> = {}): Promise<Stack> {
  const stack = await Stack.start(t, { env: { LOKEAN_DEAD_LETTER_DIR: dir, ...env }, loki: { limits: { lineBytes: 1000 } } })
  const sender = await stack.sender()
  assert.equal(await sender.send(message(records)), 'accepted')
  return stack
}

test('dead letters come to the labels, time, line and metadata that they had; a second run does nothing', async t => {
  const dir = await directory(t)
  const line = ` é\u2028 ${'x'.repeat(2000)}`
  const time = `${new Date().toISOString().slice(0, 19)}.123456+00:00`
  const stack = await withLetters(t, dir, [
    record({ message: 'good' }),
    record({ message: line, host: 'h-7', region: 'r"7', severity: '3', tag: 'su[77]:', file: '/var/log/x', '@timestamp': time })
  ])
  assert.deepEqual(placed(stack).map(({ line }) => line), ['good'])
  const flags = ['--yes', '--dead-letters', dir]
  const refused = await runReplay(stack.loki.url, flags)
  assert.deepEqual([refused.code, leftCounts(refused.report)], [1, { refused: 1 }])
  stack.loki.setLimits({ lineBytes: 10_000 })
  const { code, report } = await runReplay(stack.loki.url, flags)
  assert.deepEqual([code, report.found, report.replayed], [0, 1, 1])
  const [, replayed] = placed(stack).sort((a, b) => a.line.length - b.line.length)
  assert.deepEqual(replayed, {
    labels: '{cloud="cloud1", host="h-7", region="r\\"7", service_name="test", source="test"}',
    time: BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + 123_456_000n,
    line
  })
  const second = await runReplay(stack.loki.url, flags)
  assert.deepEqual([second.code, second.report.found, second.report.marked], [0, 0, 1])
  assert.equal((await readdir(dir)).length, 1, 'nothing is deleted')
})

test('metadata of a dead letter is that of the entry again', async t => {
  const dir = await directory(t)
  const stack = await withLetters(t, dir, [
    record({ message: `2026-01-02 03:04:05.678 77 ERROR a.b [-] ${'y'.repeat(2000)}`, file: '/f' })
  ])
  stack.loki.setLimits({ lineBytes: 10_000 })
  assert.equal((await runReplay(stack.loki.url, ['--yes', '--dead-letters', dir], { LOKEAN_LABELS: 'host,level,pid,file' })).code, 0)
  assert.deepEqual(placed(stack).map(({ labels }) => labels), [
    '{file="/f", host="compute-0.example.org", level="error", pid="77", service_name="unknown_service"}'
  ])
})

test('what was refused in quarantine too lies among dead letters in pieces, and is joined', async t => {
  const dir = await directory(t)
  const env = { LOKEAN_LABELS: 'nosuch', LOKEAN_LOKI_MAX_LINE_BYTES: '1500' }
  const long = 'z'.repeat(4000)
  const stack = await withLetters(t, dir, [record({ message: long })], env)
  stack.loki.setLimits({ lineBytes: 10_000 })
  const { code, report } = await runReplay(stack.loki.url, ['--yes', '--dead-letters', dir])
  assert.deepEqual([code, report.found, report.replayed], [0, 1, 1])
  assert.equal(placed(stack)[0]?.line, long)
})

test('pieces of one ordinary line are joined; one that is alone keeps its number', async t => {
  const dir = await directory(t)
  const env = { LOKEAN_LOKI_MAX_LINE_BYTES: '1500' }
  const stack = await withLetters(t, dir, [record({ message: 'a'.repeat(3000) }), record({ message: 'b'.repeat(1600) })], env)
  stack.loki.setLimits({ lineBytes: 10_000 })
  const { code, report } = await runReplay(stack.loki.url, ['--yes', '--dead-letters', dir])
  assert.deepEqual([code, report.found, report.replayed], [0, 2, 2])
  assert.deepEqual(placed(stack).map(({ line }) => line.slice(0, 10)), ['[1/2] bbbb', 'aaaaaaaaaa', 'bbbbbbbbbb'])
  assert.equal(placed(stack)[1]?.line, 'a'.repeat(3000))
})

test('a line that is no dead letter is listed with its place; a file by itself can be named', async t => {
  const dir = await directory(t)
  const stack = await withLetters(t, dir, [record({ message: 'x'.repeat(2000) })])
  const [name = assert.fail()] = await readdir(dir)
  const file = join(dir, name)
  const text = await readFile(file, 'utf8')
  await writeFile(file, `no letter\n{"time":"2026"}\n${text}`)
  await appendFile(file, text.slice(0, -200))
  stack.loki.setLimits({ lineBytes: 10_000 })
  const left = join(dir, 'left')
  const { code, report } = await runReplay(stack.loki.url, ['--yes', '--dead-letters', file, '--left', left])
  assert.deepEqual([code, report.replayed, leftCounts(report)], [1, 1, { unreadable: 3 }])
  assert.equal(report.left.unreadable?.samples[0]?.detail, `${file}:1`)
  const lines = (await readFile(left, 'utf8')).trimEnd().split('\n').map(line => JSON.parse(line) as { reason: string, line: string })
  assert.deepEqual(lines.map(({ line }) => line), ['no letter', '{"time":"2026"}', text.slice(0, -200)])
})

test('a directory that is not there is a wrong command line', async t => {
  const dir = await directory(t)
  await assert.rejects(runReplay('http://127.0.0.1:1', ['--dead-letters', join(dir, 'none')]), { code: 'LOKEAN_USAGE' })
  await assert.rejects(runReplay('http://127.0.0.1:1', ['--dead-letters', dir, '--left', join(dir, 'no', 'file')]), { code: 'LOKEAN_USAGE' })
  await assert.rejects(runReplay('http://127.0.0.1:1', ['--dead-letters', dir, '--yes', '--state', join(dir, 'no', 'file')]), { code: 'LOKEAN_CONFIG' })
})
