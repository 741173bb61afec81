import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { fixed } from '../../../src/provider.ts'
import { Connections, type ConnectionOptions } from '../../../src/sink/connections.ts'
import { listen } from '../../helpers/http-server.ts'

/** Connections to a server that answers with the number of the connection. */
async function connected (t: TestContext, options: Partial<ConnectionOptions> = {}): Promise<() => Promise<string>> {
  const numbers = new Map<unknown, number>()
  const { port } = await listen(t, createServer(({ socket }, response) => {
    numbers.set(socket, numbers.get(socket) ?? numbers.size)
    response.end(`${numbers.get(socket)}`)
  }))
  const connections = new Connections(`http://127.0.0.1:${port}/prefix`, { access: fixed({}), timeoutMs: 5_000, ...options })
  t.after(async () => { await connections.close() })
  return async () => await connections.use(async connection => {
    const { body } = await connection.request({ method: 'GET', path: '/', signal: new AbortController().signal })
    return await body.text()
  })
}

test('requests one after the other take the open connections in turn', async t => {
  const ask = await connected(t)
  assert.deepEqual((await Promise.all([ask(), ask(), ask()])).sort(), ['0', '1', '2'])
  const next = []
  for (let i = 0; i < 6; i++) next.push(await ask())
  assert.deepEqual([...next.slice(0, 3)].sort(), ['0', '1', '2'])
  assert.deepEqual(next.slice(3), next.slice(0, 3))
})

test('requests one after the other need two connections: each is at rest for a turn, in which its end would be seen', async t => {
  const ask = await connected(t)
  const asked = new Set<string>()
  for (let i = 0; i < 20; i++) asked.add(await ask())
  assert.deepEqual([...asked], ['0', '1'])
})

test('a connection that is old enough gets no further request', async t => {
  const ask = await connected(t, { ageMs: 0 })
  for (let i = 0; i < 4; i++) assert.equal(await ask(), `${i}`)
})

test('more requests at once than connections may be wait for each other', async t => {
  const ask = await connected(t)
  const answers = await Promise.all(Array.from({ length: 600 }, async () => await ask()))
  assert.equal(new Set(answers).size, 256)
})
