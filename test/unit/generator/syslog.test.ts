import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { createGenerator } from '../../../src/generator/generator.ts'
import { oneByOne } from '../../../src/generator/record-form.ts'
import { renderSyslog } from '../../../src/generator/records.ts'
import { startSenders } from '../../../src/generator/sender.ts'
import { SyslogSession } from '../../../src/generator/syslog-session.ts'
import { Cleanup } from '../../helpers/cleanup.ts'
import { turn, until } from '../../helpers/until.ts'

/** Reads what syslog senders write, connection by connection. */
async function listen (t: TestContext, onConnection: (socket: Socket, index: number) => void = socket => { socket.resume() }) {
  const cleanup = Cleanup.of(t)
  const received: Buffer[] = []
  const sockets: Socket[] = []
  const server = createServer(socket => {
    const index = sockets.push(socket) - 1
    received.push(Buffer.alloc(0))
    socket.on('error', () => {})
    socket.on('data', bytes => { received[index] = Buffer.concat([received[index], bytes]) })
    socket.pause()
    onConnection(socket, index)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.add(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { url: `syslog+tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, received, sockets }
}

/** Takes counted frames apart, which must be whole but for the last one. */
function framesOf (bytes: Buffer): string[] {
  const frames: string[] = []
  for (let at = 0; at < bytes.length;) {
    const [head, count] = /^([1-9]\d*) /.exec(bytes.toString('latin1', at, at + 10)) ?? assert.fail('no count')
    const start = at + head.length
    at = start + Number(count)
    if (at > bytes.length) return frames
    frames.push(bytes.toString('utf8', start, at))
  }
  return frames
}

const generator = () => oneByOne(createGenerator({ hosts: 6, seed: 1, recordsPerMessage: 1 }), 'rfc5424')
const numbersOf = (frames: string[]) => frames.map(frame => Number(/ seq=(\d{10})\n$/.exec(frame)![1])).sort((a, b) => a - b)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

test('records are counted frames of RFC 5424; they count as written, not as accepted', async t => {
  const { url, received } = await listen(t)
  const result = await startSenders({ url, addresses: [], generator: generator(), records: 2_000, connections: 2 })
  assert.deepEqual([result.sent, result.written, result.accepted, result.unsettled], [2_000, 2_000, 0, 0])
  const frames = received.flatMap(framesOf)
  assert.deepEqual(numbersOf(frames), upTo(2_000))
  for (const frame of frames) {
    assert.match(frame, /^<\d{1,3}>1 [\d-]+T[\d:]+\.\d{6}\+00:00 [a-z]+-\d{4}\.cloud\d\.example\.org [\w.-]+ (?:\d+|-) - - .* seq=\d{10}\n$/s)
  }
})

test('a peer that does not read holds the load up: no more is made than the kernel takes', async t => {
  const { url, sockets } = await listen(t, () => {})
  const stop = new AbortController()
  // More than the buffers of two sockets.
  const sending = startSenders({ url, addresses: [], generator: generator(), records: 200_000, signal: stop.signal })
  await until('it is connected', () => sockets.length === 1)
  stop.abort()
  sockets[0].resume()
  const result = await sending
  assert.ok(result.sent < 200_000)
  assert.equal(result.written, result.sent)
})

test('what the kernel had not taken when the connection was lost is sent again over the next', async t => {
  const { url, received } = await listen(t, (socket, index) => {
    if (index === 0) socket.once('data', () => { socket.resetAndDestroy() })
    socket.resume()
  })
  let retries = 0
  const result = await startSenders({ url, addresses: [], generator: generator(), records: 50_000, onRetry: () => { retries++ } })
  assert.ok(retries > 0)
  assert.equal(result.written, 50_000)
  const numbers = numbersOf(framesOf(received[1]))
  assert.ok(result.resent > 0 && numbers.length >= result.resent)
  assert.equal(new Set(numbers).size, numbers.length)
  assert.equal(numbers.at(-1), 49_999)
})

test('RFC 5424 as rsyslog writes it', () => {
  const record = {
    timestamp: '2026-11-27T08:30:00.123456+01:00',
    host: 'compute-3.example.org',
    severity: '6',
    facility: 'authpriv',
    tag: 'sudo[4711]:',
    source: 'sudo',
    message: ' nova : TTY=pts/0 ; "é"',
    file: '',
    cloud: 'cloud1',
    region: 'regionOne'
  }
  assert.equal(renderSyslog(record), '<86>1 2026-11-27T08:30:00.123456+01:00 compute-3.example.org sudo 4711 - -  nova : TTY=pts/0 ; "é"\n')
  assert.equal(
    renderSyslog({ ...record, facility: 'local0', severity: '3', tag: 'openstack', source: 'nova' }),
    '<131>1 2026-11-27T08:30:00.123456+01:00 compute-3.example.org nova - - -  nova : TTY=pts/0 ; "é"\n'
  )
})

test('a kernel that takes all at once gets no more than a little in a turn, and nothing behind the end', async () => {
  let bytes = 0
  let isLittle = true
  const socket = new Writable({
    write (chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > 2 ** 20) isLittle = false
      done()
    }
  })
  const next = () => ({ bytes: Buffer.from('x'.repeat(500)), records: 1, returns: 0 })
  let settled = 0
  const session = new SyslogSession({
    socket: socket as Socket, window: 1, next, settle: () => { settled++ }, fail: error => { throw error }, later: () => () => {}
  })
  session.pump()
  for (let i = 0; i < 20; i++) {
    bytes = 0
    await turn()
    assert.ok(isLittle, `${bytes} bytes in a turn`)
  }
  assert.ok(settled > 500, `${settled}`)
  session.end()
  for (let i = 0; i < 5; i++) await turn()
})
