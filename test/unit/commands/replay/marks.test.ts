import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import snappy from 'snappy'
import { FileMarks } from '../../../../src/commands/replay/file-marks.ts'
import { LokiMarks } from '../../../../src/commands/replay/loki-marks.ts'
import type { Marked } from '../../../../src/commands/replay/marks.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import type { Answer } from '../../../../src/sink/classify.ts'
import { decodePush, type PushStream } from '../../../../src/worker/output/push-schema.ts'

const idOf = (i: number): string => i.toString(16).padStart(32, '0')
const marked = (i: number, tenant = '', address = 'a'): Marked => ({ id: idOf(i), tenant, address })

async function fileIn (t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
  t.after(async () => { await rm(dir, { recursive: true }) })
  return join(dir, 'state')
}

test('marks in a file are there for the next run, for nobody else to read', async t => {
  const path = await fileIn(t)
  const first = await FileMarks.open(path, false)
  await first.add([marked(1), marked(2)])
  assert.ok(first.has(idOf(1)) && !first.has(idOf(3)))
  await first.close()
  const second = await FileMarks.open(path, true)
  assert.ok(second.has(idOf(1)) && second.has(idOf(2)) && !second.has(idOf(3)))
  await second.close()
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('a mark that was cut off is none, and those behind it count', async t => {
  const path = await fileIn(t)
  await appendFile(path, `${idOf(1)}\n${idOf(2).slice(0, 20)}`)
  const marks = await FileMarks.open(path, false)
  await marks.add([marked(3)])
  await marks.close()
  assert.equal(await readFile(path, 'utf8'), `${idOf(1)}\n${idOf(2).slice(0, 20)}\n${idOf(3)}\n`)
  const next = await FileMarks.open(path, false)
  assert.deepEqual([1, 2, 3].map(i => next.has(idOf(i))), [true, false, true])
  await next.close()
})

test('a dry run makes no file', async t => {
  const path = await fileIn(t)
  const marks = await FileMarks.open(path, true)
  assert.equal(marks.has(idOf(1)), false)
  await marks.close()
  await assert.rejects(stat(path), { code: 'ENOENT' })
})

interface Pushed { tenant: string, streams: PushStream[] }

function lokiMarks (answers: Answer[], env: Record<string, string> = {}): { marks: LokiMarks, pushed: Pushed[] } {
  const pushed: Pushed[] = []
  const marks = new LokiMarks({
    config: loadConfig(env).config,
    wait: async () => { await Promise.resolve() },
    client: {
      push: async (_endpoint, tenant, body) => {
        pushed.push({ tenant, streams: decodePush(snappy.uncompressSync(Buffer.from(body)) as Buffer).streams })
        return await Promise.resolve(answers.shift() ?? { kind: 'stored', status: 204 })
      }
    },
    read: async function * () {
      const lines = pushed.flatMap(({ streams }) => streams.flatMap(({ entries }) => entries.map(({ line }) => line)))
      yield await Promise.resolve(lines.map(line => ({ tenant: '', labels: {}, timestamp: '1', line, metadata: {} })))
    }
  })
  return { marks, pushed }
}

test('marks in Loki have the labels and the tenant of what they mark, and are read again', async () => {
  const env = { LOKEAN_AMQP_ADDRESSES: 'a;zone=z,b', LOKEAN_LOKI_LABELS: 'cluster=c,source=x' }
  const { marks, pushed } = lokiMarks([], env)
  await marks.add([...Array.from({ length: 40 }, (_, i) => marked(i, 't')), marked(40, 't', 'b'), marked(41, 'u')])
  assert.deepEqual(pushed.map(({ tenant, streams }) => [tenant, streams.map(({ labels, entries }) => [labels, entries.length])]), [
    ['t', [['{cluster="c", replayed="records", source="lokean", zone="z"}', 2]]],
    ['t', [['{cluster="c", replayed="records", source="lokean"}', 1]]],
    ['u', [['{cluster="c", replayed="records", source="lokean", zone="z"}', 1]]]
  ])
  const entries = pushed.flatMap(({ streams }) => streams.flatMap(({ entries }) => entries))
  assert.ok(entries.every(({ line }) => line.length < 1000))
  assert.equal(new Set(entries.map(({ timestamp }) => `${timestamp.seconds}.${timestamp.nanos}`)).size, entries.length)
  const next = lokiMarks([])
  next.pushed.push(...pushed)
  assert.ok(!next.marks.has(idOf(41)))
  await next.marks.load('t')
  assert.ok([0, 39, 40, 41].every(i => next.marks.has(idOf(i))))
})

test('marks that Loki does not take are tried again, and then they fail the run; they do not count', async () => {
  const refusal: Answer = { kind: 'retry', reason: '5xx', message: '503 not now' }
  const { marks, pushed } = lokiMarks(Array.from({ length: 9 }, () => refusal))
  await assert.rejects(marks.add([marked(1)]), /cannot be marked in Loki: 503 not now/)
  assert.deepEqual([pushed.length, marks.has(idOf(1))], [8, false])
})
