import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { runReplay } from '../helpers/replay.ts'
import { Stack } from '../helpers/stack.ts'

const SECRET = 'hunter2'
const LINE = `X-Token: ${SECRET}`
const RULES = {
  LOKEAN_DROP: 'debug;level=debug,probes;source=haproxy;text=GET /health',
  LOKEAN_REDACT: 'token;text=X-Token;pattern=/X-Token: (\\S+)/'
}
const old = { '@timestamp': '2026-01-01T00:00:00Z' }
const RECORDS = [
  record({ message: 'good' }), record({ message: LINE }), record({ message: `é ${LINE}`, tag: LINE, host: LINE, source: LINE }),
  record({ severity: '7' }), record({ source: 'haproxy', message: 'GET /health' }), record({ source: 'haproxy', message: 'é GET /health' }),
  record({ message: '\0\0' }), record({ message: LINE, ...old }), record({ severity: '7', ...old }), `{"message":"${LINE}"`, `["${LINE}"]`,
  record({ message: `${LINE} ${'x'.repeat(2000)}` })
]

test('what a rule takes is accepted and counted, no secret is anywhere, and a replay brings none back', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
  t.after(async () => { await rm(dir, { recursive: true }) })
  const stack = await Stack.start(t, { env: { LOKEAN_DEAD_LETTER_DIR: dir, ...RULES }, loki: { limits: { lineBytes: 1000 } } })
  const sender = await stack.sender()
  for (const batch of [RECORDS, RECORDS.slice(3, 6), RECORDS]) assert.equal(await sender.send(message(batch)), 'accepted')
  assert.equal(await sender.send(Buffer.from(LINE)), 'accepted', 'a body that is no record')

  const address = 'rsyslog/logs'
  const of = async (name: string, labels: Record<string, string> = { address }): Promise<number> =>
    await stack.metric(`lokean_records_${name}_total`, labels)
  const dropped = { debug: await of('dropped', { rule: 'debug' }), probes: await of('dropped', { rule: 'probes' }) }
  assert.deepEqual(dropped, { debug: 5, probes: 6 })
  assert.equal(await of('received'), await of('stored') + dropped.debug + dropped.probes + await of('empty') + await of('joined'))
  assert.deepEqual([await of('received'), await of('empty')], [2 * RECORDS.length + 4, 2])
  assert.equal(await of('redacted', { rule: 'token' }), 13)

  const letters = async (): Promise<string> => {
    const files = await readdir(dir)
    return (await Promise.all(files.map(async file => await readFile(join(dir, file), 'utf8')))).join('')
  }
  const seen = async (): Promise<string> => [
    ...stack.stored().map(({ labels, line }) => `${labels} ${line.toString()} ${decoded(line.toString())}`), ...stack.log,
    JSON.stringify(stack.pipeline.loudestHosts), await stack.metrics.registry.metrics(), await letters()
  ].join('\n')
  assert.match(await letters(), /\[redacted:token\]/)
  assert.match(stack.log.join('\n'), /redacted:token/, 'the log has told of names that are none')
  assert.doesNotMatch(await seen(), new RegExp(SECRET))

  stack.loki.setLimits({ lineBytes: 10_000 })
  const { code, report } = await runReplay(stack.loki.url, ['--yes', '--dead-letters', dir], RULES)
  // Both dead letters are of one record.
  assert.deepEqual([code, report.replayed], [0, 1])
  assert.doesNotMatch(`${JSON.stringify(report)} ${await seen()}`, new RegExp(SECRET))
})

function decoded (line: string): string {
  return Buffer.from(line.split('base64: ')[1] ?? '', 'base64').toString('latin1')
}
