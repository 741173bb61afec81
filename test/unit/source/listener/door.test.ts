import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { connect as connectPlain, type Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { fixed } from '../../../../src/provider.ts'
import { Secret } from '../../../../src/secret.ts'
import { Door } from '../../../../src/source/listener/door.ts'
import { Handshakes, type TlsSettings } from '../../../../src/source/listener/handshakes.ts'
import { isPermitted } from '../../../../src/source/listener/permitted.ts'
import { parseProxyHeader } from '../../../../src/source/listener/proxy-header.ts'
import { Seldom } from '../../../../src/source/listener/seldom.ts'
import { CERTIFICATE as OTHER, PRIVATE_KEY as OTHER_KEY } from '../../config/tls-material.ts'
import { CERTIFICATE, KEY } from '../../embedded/bus/certificate.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { collectedLog } from '../../../helpers/collected-log.ts'
import { LineProtocol } from '../../../helpers/line-protocol.ts'
import { until } from '../../../helpers/until.ts'
import { Listening } from './listening.ts'

const IDENTITY = { cert: CERTIFICATE, key: new Secret(KEY), ca: undefined }
const TLS: TlsSettings = { identity: fixed(IDENTITY), peers: undefined }
const OF_CA = fixed({ ...IDENTITY, ca: CERTIFICATE })
const SHA1 = new X509Certificate(CERTIFICATE).fingerprint

function secure (t: TestContext, port: number, options: ConnectionOptions = {}): { socket: TLSSocket, answers: () => string } {
  const socket = connect({ port, host: '127.0.0.1', ca: CERTIFICATE, ...options })
  let answers = ''
  socket.on('data', (chunk: Buffer) => { answers += chunk.toString() }).on('error', () => {})
  Cleanup.of(t).add(() => socket.destroy())
  return { socket, answers: () => answers }
}

suite('over TLS', () => {
  test('lines come and are answered, cut as they may be, and a half line at the end is dropped', async t => {
    const listening = await Listening.start(t, new LineProtocol(), { tls: TLS })
    const { socket, answers } = secure(t, listening.port)
    socket.write('one\ntw')
    socket.write(`o\n${'x'.repeat(60_000)}\nha`)
    await until('all came', () => listening.received.length === 3)
    listening.settle()
    await until('all is answered', () => answers().length > 60_000 && answers().startsWith('one.\ntwo.\n'))
    socket.end()
    await until('nobody is connected', () => listening.source.counters.connections === 0)
  })

  test('nothing is read that has no room', async t => {
    const listening = await Listening.start(t, new LineProtocol(), { tls: TLS, bytes: 256 * 1024 })
    const { socket } = secure(t, listening.port)
    socket.write(`${'x'.repeat(999)}\n`.repeat(2000))
    await until('the room is used', () => listening.budget.used > 50_000)
    while (listening.received.length < 2000) {
      assert.ok(listening.budget.used <= listening.budget.own, `${listening.budget.used}`)
      const before = listening.received.length
      listening.settle()
      await until('more came', () => listening.received.length > before)
    }
  })

  const known = { cert: CERTIFICATE, key: KEY }
  const cases: Array<[string, Partial<TlsSettings>, ConnectionOptions, RegExp | undefined]> = [
    ['a certificate of the authority is let in', { identity: OF_CA }, known, undefined],
    ['none is refused', { identity: OF_CA }, {}, /showed no certificate/],
    ['one of another authority is refused', { identity: OF_CA }, { cert: OTHER, key: OTHER_KEY }, /that LOKEAN_LISTEN_CA does not allow/],
    ['a permitted fingerprint is let in', { peers: [{ kind: 'sha1', fingerprint: SHA1 }] }, known, undefined],
    ['another fingerprint is refused', { peers: [{ kind: 'sha1', fingerprint: SHA1 }] }, { cert: OTHER, key: OTHER_KEY }, /not among LOKEAN_LISTEN_PEERS/],
    ['a permitted name is let in', { identity: OF_CA, peers: [{ kind: 'name', name: 'local*' }] }, known, undefined],
    ['another name is refused', { identity: OF_CA, peers: [{ kind: 'name', name: 'Localhost' }] }, known, /not among LOKEAN_LISTEN_PEERS/]
  ]
  for (const [what, settings, options, refusal] of cases) {
    test(what, async t => {
      const listening = await Listening.start(t, new LineProtocol(), { tls: { ...TLS, ...settings } })
      const { socket } = secure(t, listening.port, options)
      socket.write('line\n')
      const warnings = (): string[] => listening.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)
      await until('it is let in, or refused', () => listening.received.length + warnings().length > 0)
      if (refusal === undefined) assert.deepEqual([listening.received, warnings()], [['line'], []])
      else assert.match(warnings().join(), refusal)
      await until('who is refused is closed', () => refusal === undefined || socket.destroyed)
    })
  }

  test('what is no TLS is one clear line, and a connect and close none', async t => {
    const listening = await Listening.start(t, new LineProtocol(), { tls: TLS })
    const check = await listening.connect()
    check.socket.end()
    await until('it is closed', () => check.closed)
    for (const bytes of ['1 open 0\n', 'GET / HTTP/1.1\r\n\r\n', '2 open 0\n']) {
      const client = await listening.connect()
      client.socket.write(bytes)
      await until('it is closed', () => client.ended || client.closed)
      client.socket.destroy()
    }
    const warnings = listening.lines.filter(({ level }) => level === 'warn')
    assert.equal(warnings.length, 2, JSON.stringify(warnings))
    assert.ok(warnings.every(({ hint }) => String(hint).includes('no TLS')), JSON.stringify(warnings))
  })

  test('who says nothing does not keep others out, however few handshakes are made at a time', async t => {
    const listening = await Listening.start(t, new LineProtocol(), { tls: TLS, maxHandshakes: 1, patienceMs: 600_000 })
    await listening.connect()
    await until('it has come', () => listening.source.counters.accepted === 1)
    secure(t, listening.port).socket.write('line\n')
    await until('the next has come in', () => listening.received.length === 1)
  })

  test('of many who wait, few handshakes begin in a turn', async t => {
    const { log } = collectedLog()
    const entered: Array<Socket | TLSSocket> = []
    const door = new Door({
      address: 'relps://h:1',
      host: '127.0.0.1',
      port: 0,
      tls: TLS,
      proxyProtocol: false,
      maxConnections: 100,
      maxHandshakes: 64,
      log,
      seldom: new Seldom()
    }, { entered: socket => entered.push(socket), crowded: () => false, failed: () => {} })
    const { port } = await door.open()
    Cleanup.of(t).add(async () => { await door.close() })
    for (let i = 0; i < 50; i++) secure(t, port)
    await until('all wait', () => door.waiting === 50)
    const shake = t.mock.method(Handshakes.prototype, 'shake')
    let [begun, most] = [0, 0]
    const countTurn = (): void => {
      most = Math.max(most, shake.mock.callCount() - begun)
      begun = shake.mock.callCount()
      if (entered.length < 50) setImmediate(countTurn)
    }
    door.start()
    countTurn()
    await until('all are inside', () => entered.length === 50)
    // The turns that are counted here may lie one behind those of the door.
    assert.ok(most <= 16, `${most} handshakes began in a turn`)
  })

  test('those inside are served while others come in', async t => {
    const protocol = new LineProtocol()
    const listening = await Listening.start(t, protocol, { tls: TLS })
    const inside = secure(t, listening.port).socket
    await until('one is inside', () => protocol.sessions.length === 1)
    const others = Array.from({ length: 60 }, () => secure(t, listening.port).socket)
    await until('the first of the others is inside', () => protocol.sessions.length > 1)
    inside.write('line\n')
    await until('it is heard', () => listening.received.length === 1)
    assert.ok(protocol.sessions.length < 61, 'all handshakes came first')
    for (const [i, socket] of others.entries()) socket.write(`${i}\n`)
    await until('all are heard', () => listening.received.length === 61)
  })

  test('who says nothing is given up, and gives its place free', async t => {
    const listening = await Listening.start(t, new LineProtocol(), { tls: TLS, maxConnections: 1, patienceMs: 200 })
    const silent = await listening.connect()
    // Where the machine is busy, the next may be too slow itself.
    while (listening.received.length === 0) {
      const { socket } = secure(t, listening.port)
      socket.write('line\n')
      await until('the next has come in, or is given up', () => listening.received.length > 0 || socket.destroyed)
    }
    await until('the silent is closed', () => silent.closed || silent.ended)
  })
})

suite('behind a proxy', () => {
  const v2 = Buffer.from('0d0a0d0a000d0a515549540a21110010' + '0a000001' + '0a000002' + '10e109d2' + '03000100', 'hex')

  for (const [what, header, host] of [
    ['version 1', Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 4321 2514\r\n'), '10.0.0.1'],
    ['version 1, of nobody', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
    ['version 2', v2, '10.0.0.1']
  ] as const) {
    test(`a sender is known by the header of ${what}, cut at any byte`, async t => {
      const protocol = new LineProtocol()
      const listening = await Listening.start(t, protocol, { proxyProtocol: true })
      for (let cut = 0; cut < header.length; cut += 5) {
        const { socket } = await listening.connect()
        socket.write(header.subarray(0, cut))
        socket.write(Buffer.concat([header.subarray(cut), Buffer.from(`line ${cut}\n`)]))
        await until('the line came', () => listening.received.at(-1) === `line ${cut}`)
        assert.equal(protocol.sessions.at(-1)?.peer.host, host)
        socket.destroy()
      }
    })
  }

  test('a header stands in front of TLS', async t => {
    const protocol = new LineProtocol()
    const listening = await Listening.start(t, protocol, { proxyProtocol: true, tls: TLS })
    const socket = connectPlain({ port: listening.port, host: '127.0.0.1' })
    Cleanup.of(t).add(() => socket.destroy())
    socket.write(v2)
    secure(t, listening.port, { socket, host: undefined, port: undefined, servername: 'localhost' }).socket.write('line\n')
    await until('the line came', () => listening.received.length === 1)
    assert.equal(protocol.sessions[0]?.peer.host, '10.0.0.1')
  })

  test('who begins without a header is told and closed', async t => {
    const listening = await Listening.start(t, new LineProtocol(), { proxyProtocol: true })
    const client = await listening.connect()
    client.socket.write('line\n')
    await until('it is closed', () => client.closed || client.ended)
    assert.match(listening.lines.map(({ msg }) => msg).join(), /does not begin with a PROXY header/)
  })

  test('no bytes make the parser throw, and each header is read whole or not at all', () => {
    assert.deepEqual(parseProxyHeader(v2), { length: v2.length, host: '10.0.0.1' })
    for (let cut = 0; cut < v2.length; cut++) assert.equal(parseProxyHeader(v2.subarray(0, cut)), 'more')
    const v6 = Buffer.concat([v2.subarray(0, 13), Buffer.from([0x21, 0, 36]), Buffer.alloc(15), Buffer.from([1]), Buffer.alloc(20)])
    assert.deepEqual(parseProxyHeader(v6), { length: 52, host: '::1' })
    assert.equal(parseProxyHeader(Buffer.from('PROXY')), 'more')
    for (const text of ['x', 'PROXY TCP9 a b\r\n', `PROXY ${'x'.repeat(200)}`]) assert.equal(parseProxyHeader(Buffer.from(text)), 'none')
  })
})

test('names are compared by their parts, and a star stands within one', () => {
  const subjectaltname = 'DNS:web1.example.com, IP Address:10.0.0.1'
  const certificate = { fingerprint: 'AA', fingerprint256: 'BB', subjectaltname, subject: { CN: 'common' } }
  const name = (name: string): boolean => isPermitted(certificate, [{ kind: 'name', name }])
  for (const allowed of ['web1.example.com', '*.example.com', 'web*.example.com', '*.*.com', 'common', 'c*n', '*']) {
    assert.ok(name(allowed), allowed)
  }
  for (const refused of ['example.com', '*.com', 'Web1.example.com', 'web1.example.com.', 'w.example.com', '10.0.0.1', '.*']) {
    assert.ok(!name(refused), refused)
  }
})
