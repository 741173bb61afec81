import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Secret } from '../../../../src/secret.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { Changing } from '../../../helpers/changing.ts'
import { tcpServer } from '../../../helpers/http-server.ts'
import { turn, until } from '../../../helpers/until.ts'
import { runningBus } from './running-bus.ts'

test('logs in with user name and password, which need not be ASCII', async t => {
  const seen: string[] = []
  const peer = await AmqpPeer.listen(
    t, { plain: (username, password) => seen.push(`${username}/${password}`) > 0 && password === 'pässwörd: 密' }
  )
  const { client } = runningBus(t, { ports: [peer.port], credentials: { username: 'büs', password: new Secret('pässwörd: 密') } })
  await until('it is attached', () => client.status().ok)
  assert.deepEqual(seen, ['büs/pässwörd: 密'])
})

test('a wrong password is told, without it, and tried again', async t => {
  let right = 'another'
  const peer = await AmqpPeer.listen(t, { plain: (_, password) => password === right })
  const { client, lines } = runningBus(t, { ports: [peer.port], credentials: { username: 'lokean', password: new Secret('s3cret') } })
  await until('it has tried twice', () => lines.length >= 2)
  assert.match(String(lines[0].reason), /amqp:unauthorized-access: Failed to authenticate/)
  assert.equal(client.status().ok, false)
  right = 's3cret'
  await until('it is attached', () => client.status().ok)
  assert.ok(!JSON.stringify(lines).includes('s3cret'))
})

test('a password that has changed is used at the next connect', async t => {
  const seen: string[] = []
  const peer = await AmqpPeer.listen(t, { plain: (_, password) => seen.push(password) > 0 && password === 'two' })
  const credentials = new Changing({ username: 'lokean', password: new Secret('one') })
  const { client } = runningBus(t, { ports: [peer.port], credentials })
  await until('it has tried', () => seen.length >= 1)
  credentials.files = { username: 'lokean', password: new Secret('two') }
  await until('it is attached', () => client.status().ok)
  assert.deepEqual(new Set(seen), new Set(['one', 'two']))
})

test('a bus that wants a login is told of, when there is none', async t => {
  const peer = await AmqpPeer.listen(t, { plain: () => true })
  const { lines } = runningBus(t, { ports: [peer.port] })
  await until('it has tried', () => lines.length >= 1)
  assert.match(String(lines[0].reason), /No suitable mechanism; server supports PLAIN/)
})

for (const [what, text, reason] of [
  ['in one go', ['HTTP/1.1 400 Bad Request\r\n\r\n'], /[Pp]rotocol.*48545450/],
  ['in pieces', ['HT', 'TP/', '1.1 4', '00 Bad Request\r\n\r\n'], /[Pp]rotocol.*48545450/],
  ['an older AMQP', ['AMQP\0\0\x09\x01'], /0-9-1/],
  ['in a word', ['no\r\n'], /connection lost/]
] as const) {
  test(`something else than a bus is told of: ${what}`, async t => {
    const { port } = await tcpServer(t, socket => {
      void (async () => {
        for (const piece of text) {
          socket.setNoDelay(true).write(piece, 'latin1')
          await turn()
        }
        socket.end()
      })()
    })
    const { lines } = runningBus(t, { ports: [port] })
    await until('it has tried', () => lines.length >= 1)
    assert.match(String(lines[0].reason), reason)
  })
}
