import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkerPool } from '../../src/worker/pool/pool.ts'
import { WorkerFailure } from '../../src/worker/pool/failure.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'

/** Returns everything stored, without the label that Loki adds where no label names a service. */
const storedBy = (stack: Stack): string[] => [...new Set(stack.stored().map(({ tenant, labels, line }) => `${tenant} ${labels.replace(', service_name="unknown_service"', '')} ${line.toString('utf8', 0, 8)}`))].sort()

const ENV = {
  LOKEAN_AMQP_ADDRESSES: 'logs/a;cloud=cloudA;tenant=a,logs/b;cloud=cloudB;zone=z2;tenant=b,logs/c',
  LOKEAN_LOKI_TENANT: 'rest',
  LOKEAN_LOKI_LABELS: 'cluster=x,zone=z1',
  LOKEAN_LABELS: 'cloud,host'
}

test('the same messages from three addresses are stored as the address says, each with its tenant, bad records too', async t => {
  const stack = await Stack.start(t, { workers: 2, env: ENV, loki: { authEnabled: true } })
  const body = message([record({ cloud: 'cloudB', host: 'h', message: 'a line' }), 'not JSON'])
  for (const address of ['logs/a', 'logs/b', 'logs/c']) assert.equal(await (await stack.sender(address)).send(body), 'accepted')
  assert.deepEqual(storedBy(stack), [
    'a {cloud="cloudA", cluster="x", host="h", zone="z1"} a line',
    'a {cloud="cloudA", cluster="x", quarantine="invalid_json", source="lokean", zone="z1"} not JSON',
    'b {cloud="cloudB", cluster="x", host="h", zone="z2"} a line',
    'b {cloud="cloudB", cluster="x", quarantine="invalid_json", source="lokean", zone="z2"} not JSON',
    'rest {cloud="cloudB", cluster="x", host="h", zone="z1"} a line',
    'rest {cluster="x", quarantine="invalid_json", source="lokean", zone="z1"} not JSON'
  ])
})

test('what Loki refuses, and what no worker can read, stays with the tenant and the labels of its address', async t => {
  const { encode } = WorkerPool.prototype
  t.mock.method(WorkerPool.prototype, 'encode', async function (this: WorkerPool, task: Parameters<typeof encode>[0]) {
    if (Buffer.from(task.bytes).includes('poison')) throw new WorkerFailure('threw', 'poisoned', new Error('poison'))
    return await encode.call(this, task)
  })
  const stack = await Stack.start(t, { workers: 2, env: ENV, loki: { authEnabled: true, limits: { lineBytes: 1000 } } })
  const sender = await stack.sender('logs/b')
  assert.equal(await sender.send(message([record({ message: 'x'.repeat(2000) })])), 'accepted')
  assert.equal(await sender.send(message([record({ message: 'poison' })])), 'accepted')
  assert.deepEqual([...new Set(storedBy(stack).map(text => text.slice(0, text.indexOf('}') + 1)))], [
    'b {cloud="cloudB", cluster="x", quarantine="refused", source="lokean", zone="z2"}',
    'b {cloud="cloudB", cluster="x", quarantine="worker_failed", source="lokean", zone="z2"}'
  ])
})
