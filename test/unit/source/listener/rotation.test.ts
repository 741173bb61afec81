import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { Secret } from '../../../../src/secret.ts'
import type { Identity } from '../../../../src/source/listener/handshakes.ts'
import { Authority } from '../../../helpers/authority.ts'
import { Changing } from '../../../helpers/changing.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { LineProtocol } from '../../../helpers/line-protocol.ts'
import { until } from '../../../helpers/until.ts'
import { Listening } from './listening.ts'

const [OLD, NEW] = [new Authority('old'), new Authority('new')]

function identity (authority: Authority, name: string, ca: string | undefined): Identity {
  const { cert, key } = authority.issue(name)
  return { cert, key: new Secret(key), ca }
}

function sender (t: TestContext, port: number, options: ConnectionOptions): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  socket.on('error', () => {}).resume()
  Cleanup.of(t).add(() => socket.destroy())
  return socket
}

test('a new certificate is shown to who connects from now on; who is there stays, and is served', async t => {
  const changing = new Changing(identity(OLD, 'one', undefined))
  const listening = await Listening.start(t, new LineProtocol(), { tls: { identity: changing, peers: undefined } })
  const first = sender(t, listening.port, { ca: OLD.ca })
  first.write('before\n')
  await until('it is heard', () => listening.received.length === 1)
  changing.files = identity(NEW, 'two', undefined)
  const second = sender(t, listening.port, { ca: NEW.ca })
  second.write('second\n')
  await until('the second is heard', () => listening.received.includes('second'))
  first.write('after\n')
  await until('the first is still heard', () => listening.received.includes('after'))
  assert.equal(second.getPeerCertificate().subject.CN, 'two')
  const stranger = sender(t, listening.port, { ca: OLD.ca })
  await until('who trusts the old one only does not come in', () => stranger.destroyed)
})

test('senders\' authorities change too: those of the new one are let in, those of the old one no more', async t => {
  const changing = new Changing(identity(OLD, 'one', OLD.ca))
  const listening = await Listening.start(t, new LineProtocol(), { tls: { identity: changing, peers: undefined } })
  const [ofOld, ofNew] = [OLD.issue('a sender'), NEW.issue('another')]
  sender(t, listening.port, { ca: OLD.ca, ...ofOld }).write('old\n')
  await until('it is heard', () => listening.received.length === 1)
  changing.files = { ...changing.current, ca: NEW.ca }
  sender(t, listening.port, { ca: OLD.ca, ...ofNew }).write('new\n')
  await until('the other is heard', () => listening.received.length === 2)
  const late = sender(t, listening.port, { ca: OLD.ca, ...ofOld })
  late.write('late\n')
  await until('it is closed', () => late.destroyed)
  assert.deepEqual(listening.received, ['old', 'new'])
  assert.match(listening.lines.map(({ msg }) => msg).join(), /that LOKEAN_LISTEN_CA does not allow/)
})
