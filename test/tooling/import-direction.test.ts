import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/** Every file under src, with the specifiers it imports: relative ones as paths from src, others as they stand. */
const imports = new Map(readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => [file, specifiers(readFileSync(join('src', file), 'utf8'), file)]))

function specifiers (source: string, file: string): Array<{ to: string, typeOnly: boolean }> {
  const found = [...source.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^'"]*?from\s+)?['"]([^'"]+)['"]/gm)]
  return found.map(([, type, to]) => ({ to: to.startsWith('.') ? normalize(join(dirname(file), to)) : to, typeOnly: type !== undefined }))
}

function importersOf (name: string): string[] {
  return [...imports].filter(([, list]) => list.some(({ to, typeOnly }) => !typeOnly && (to === name || to.startsWith(`${name}/`)))).map(([file]) => file)
}

function reach (start: string): Set<string> {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    for (const { to, typeOnly } of imports.get(file) ?? []) {
      if (typeOnly || seen.has(to)) continue
      seen.add(to)
      visit(to)
    }
  }
  visit(start)
  return seen
}

test('what runs in a worker thread reaches neither the bus, nor HTTP, nor logs, nor metrics, nor another stage', () => {
  const reached = [...reach('worker/encode.worker.ts')]
  assert.ok(reached.includes('worker/encoder.ts'), 'the reach was followed')
  const foreign = reached.filter(to => /^(rhea|undici|pino|prom-client)$/.test(to) || (to.endsWith('.ts') && !to.startsWith('worker/') && to !== 'shared-memory.ts'))
  assert.deepEqual(foreign, [])
})

test('each heavy dependency has one home (and the demo, for the bus)', () => {
  const outsideEmbedded = (name: string): string[] => importersOf(name).filter(file => !/^(embedded|generator)\//.test(file)).sort()
  assert.deepEqual(outsideEmbedded('rhea'), ['source/amqp/connection.ts'])
  assert.deepEqual(importersOf('undici'), ['sink/client.ts'])
  assert.deepEqual(importersOf('prom-client').sort(), ['ops/event-loop-lag.ts', 'ops/metrics.ts'])
  assert.deepEqual(importersOf('pino'), ['log.ts'])
  assert.deepEqual(importersOf('piscina').sort(), ['worker/encode.worker.ts', 'worker/pool/pool.ts'])
  assert.deepEqual(importersOf('protobufjs'), ['worker/output/push-schema.ts'])
  assert.deepEqual(importersOf('@grafana/lezer-logql'), ['embedded/loki/query/logql-tree.ts'])
})

test('stages do not know each other: only the pipeline does', () => {
  const stages = ['source', 'batch', 'worker', 'sink', 'ack']
  for (const [file, list] of imports) {
    const stage = file.split('/')[0]
    if (!stages.includes(stage)) continue
    const others = list.filter(({ to, typeOnly }) => !typeOnly && stages.includes(to.split('/')[0]) && !to.startsWith(`${stage}/`))
    assert.deepEqual(others, [], `${file} imports another stage`)
  }
})

test('the embedded Loki shares no code with the encoder', () => {
  for (const [file, list] of imports) {
    if (!file.startsWith('embedded/loki/')) continue
    assert.deepEqual(list.filter(({ to, typeOnly }) => !typeOnly && (to.startsWith('worker/') || to === 'snappy' || to === 'protobufjs')), [], file)
  }
})
