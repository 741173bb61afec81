import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { DELIVERY_BYTES, MAX_FRAME_SIZE } from '../../../../src/source/amqp/credit.ts'
import { dispositions, type Frame, readFrames } from '../../../helpers/amqp-frames.ts'
import { tcpServer } from '../../../helpers/http-server.ts'
import { turn, until } from '../../../helpers/until.ts'
import { type RunningBus, runningBus } from './running-bus.ts'
import { type Layout, transferFrame } from './transfer-frame.ts'

/**
 * Everything that a real router (qdrouterd 1.19) sent to a receiver, byte for byte: three deliveries, the second with
 * 118 KB in one frame.
 */
const STREAM = readFileSync(join('test', 'fixtures', 'omamqp1', 'wire-router-receiver-s2c.bin'))
const FRAMES = readFrames(STREAM)
const TRANSFERS = FRAMES.filter(({ code }) => code === 0x14)
const CLOSE = FRAMES.at(-1) as Frame
const UNTIL_CLOSE = STREAM.subarray(0, STREAM.length - CLOSE.bytes.length)
const ATTACH = FRAMES.find(({ code }) => code === 0x12) as Frame
const BEFORE_ATTACH = STREAM.indexOf(ATTACH.bytes)
const UNTIL_TRANSFERS = STREAM.subarray(0, STREAM.indexOf(TRANSFERS[0].bytes))
const ADDRESS = 'rsyslog/logs'

interface Replay extends RunningBus { socket: Socket, written: () => Buffer }

/**
 * Starts a server that repeats the router's bytes for the first client, in chunks of these sizes and with our name for
 * the link, and a source that reads from it.
 */
async function replayed (t: TestContext, stream: Buffer, chunkSize: () => number): Promise<Replay> {
  const received: Buffer[] = []
  let first: Socket | undefined
  const { port } = await tcpServer(t, socket => {
    if (first !== undefined) return
    first = socket.setNoDelay(true)
    socket.on('data', chunk => { received.push(chunk) })
    void (async () => {
      await play(socket, stream.subarray(0, BEFORE_ATTACH), chunkSize)
      const name = (await frameIn(written, 0x12)).fields[0] as string
      await play(socket, Buffer.concat([renamed(ATTACH.bytes, name), stream.subarray(BEFORE_ATTACH + ATTACH.bytes.length)]), chunkSize)
    })()
  })
  const written = (): Buffer => Buffer.concat(received)
  const running = runningBus(t, { ports: [port], addresses: [ADDRESS] })
  await until('somebody has connected', () => first !== undefined)
  return { ...running, socket: first as Socket, written }
}

async function frameIn (written: () => Buffer, code: number): Promise<Frame> {
  await until(`frame 0x${code.toString(16)} came`, () => readFrames(written()).some(frame => frame.code === code))
  return readFrames(written()).find(frame => frame.code === code) as Frame
}

/** Gives the reader time for each chunk. */
async function play (socket: Socket, stream: Buffer, chunkSize: () => number): Promise<void> {
  for (let at = 0; at < stream.length && !socket.destroyed;) {
    const end = Math.min(stream.length, at + chunkSize())
    socket.write(stream.subarray(at, end))
    at = end
    await turn()
  }
}

/** mulberry32, so that a failure can be repeated by its seed. */
function seeded (seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function assertDelivered ({ deliveries }: RunningBus): void {
  assert.deepEqual(deliveries.map(({ id }) => id), [0, 1, 2])
  for (const [i, { content }] of deliveries.entries()) assert.ok(content.equals(TRANSFERS[i].payload), `delivery ${i}`)
}

test('the capture is what it is taken for', () => {
  assert.deepEqual(TRANSFERS.map(({ payload }) => payload.length), [305, 118_120, 313])
  assert.equal(CLOSE.code, 0x18)
  assert.deepEqual(dispositions(readFileSync(join('test', 'fixtures', 'omamqp1', 'wire-router-receiver-c2s.bin')))
    .map(({ first, outcome }) => [first, outcome]), [[0, 0x24], [1, 0x24], [2, 0x24]])
})

test('all at once', async t => {
  const running = await replayed(t, UNTIL_CLOSE, () => UNTIL_CLOSE.length)
  await until('all are here', () => running.deliveries.length === 3)
  assertDelivered(running)
})

test('byte by byte up to the long delivery, and in the end', async t => {
  const long = UNTIL_CLOSE.indexOf(TRANSFERS[1].payload) + 200
  let at = 0
  const running = await replayed(t, UNTIL_CLOSE, () => {
    const size = at < long || at > long + 117_000 ? 1 : 1_000
    at += size
    return size
  })
  await until('all are here', () => running.deliveries.length === 3)
  assertDelivered(running)
})

for (let seed = 1; seed <= 12; seed++) {
  test(`in chunks of random sizes (seed ${seed})`, async t => {
    const random = seeded(seed)
    const largest = [3_000, 10_000, 70_000][seed % 3]
    const running = await replayed(t, UNTIL_CLOSE, () => 1 + Math.floor(random() * random() * largest))
    await until('all are here', () => running.deliveries.length === 3)
    assertDelivered(running)
  })
}

test('what goes back is well-formed: one disposition for all three, accepted', async t => {
  const { deliveries, budgets, socket, written, client, lines } = await replayed(t, UNTIL_CLOSE, () => 4_096)
  await until('all are here', () => deliveries.length === 3)
  assert.deepEqual(dispositions(written()), [])
  client.cork()
  deliveries[0].connection.settle([[0, 2]])
  budgets[0].release(budgets[0].used)
  client.grant(ADDRESS)
  await until('it is settled', () => dispositions(written()).length > 0)
  assert.deepEqual(dispositions(written()), [{ role: true, first: 0, last: 2, settled: true, outcome: 0x24 }])
  const frames = readFrames(written())
  assert.deepEqual(frames.slice(0, 4).map(({ type, code }) => [type, code]), [[1, 0x41], [0, 0x10], [0, 0x11], [0, 0x12]])
  const [, , maxFrame, channelMax, idle] = frames[1].fields[0] === undefined ? [] : frames[1].fields
  assert.deepEqual([maxFrame, channelMax, idle], [MAX_FRAME_SIZE, 1_023, 10_000])
  socket.write(CLOSE.bytes)
  await until('the close is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
  assert.equal(deliveries[0].connection.gone, true)
})

test('credit is given for what is taken', async t => {
  const { deliveries, written, client, done } = await conversation(t)
  await until('all are here', () => deliveries.length === 3)
  assertDelivered({ deliveries } as RunningBus)
  assert.ok(client.attached(ADDRESS))
  assert.ok(client.credit(ADDRESS) > 0)
  const [flow] = readFrames(written()).filter(({ code }) => code === 0x13)
  const [nextIncoming, incomingWindow, , , handle, , credit] = flow.fields
  assert.deepEqual([nextIncoming, incomingWindow, handle, credit], [0, 256, 0, 256])
  for (const delivery of deliveries) done(delivery)
  await until('all are settled', () => dispositions(written()).length === 3)
})

/** Plays the router: answers our attach, waits for our flow, then sends its bytes. */
async function conversation (t: TestContext): Promise<RunningBus & { written: () => Buffer }> {
  const received: Buffer[] = []
  const written = (): Buffer => Buffer.concat(received)
  const { port } = await tcpServer(t, socket => {
    socket.on('data', chunk => { received.push(chunk) })
    socket.write(UNTIL_CLOSE.subarray(0, BEFORE_ATTACH))
    void (async () => {
      const name = (await frameIn(written, 0x12)).fields[0] as string
      socket.write(renamed(ATTACH.bytes, name))
      await frameIn(written, 0x13)
      socket.write(UNTIL_CLOSE.subarray(BEFORE_ATTACH + ATTACH.bytes.length))
    })()
  })
  return { ...runningBus(t, { ports: [port], addresses: [ADDRESS] }), written }
}

/** Changes the link's name in an attach frame. The name is the first field, a str8 in a list8. */
function renamed (attach: Buffer, name: string): Buffer {
  const at = attach.indexOf(Buffer.from([0xa1, 3, ...Buffer.from('raw')]))
  const result = Buffer.concat([attach.subarray(0, at), Buffer.from([0xa1, name.length]), Buffer.from(name), attach.subarray(at + 5)])
  const more = result.length - attach.length
  result.writeUInt32BE(result.length, 0)
  result[12] += more
  return result
}

test('a frame that claims to be larger than anybody would send ends the connection before it is gathered', async t => {
  const { lines, deliveries } = await replayed(t, Buffer.concat([UNTIL_CLOSE, Buffer.from('7fffffff020000000053', 'hex')]), () => 8_192)
  await until('it is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
  assert.match(String(lines.find(({ msg }) => msg.startsWith('lost'))?.reason), /a frame of 2147483647 bytes/)
  assert.equal(deliveries.length, 3)
})

test('a frame too small to be one ends the connection', async t => {
  const { lines } = await replayed(t, Buffer.concat([UNTIL_CLOSE, Buffer.from('0000000002000000', 'hex')]), () => 200_000)
  await until('it is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
})

test('a delivery id that leaps ends the connection, and what came before it stays', async t => {
  const third = UNTIL_CLOSE.length - TRANSFERS[2].bytes.length
  const { lines, deliveries, budgets } = await replayed(
    t, Buffer.concat([UNTIL_CLOSE.subarray(0, third), TRANSFERS[0].bytes]), () => 200_000
  )
  await until('it is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
  assert.match(String(lines.find(({ msg }) => msg.startsWith('lost'))?.reason), /delivery 0 where 2 had to come/)
  assert.equal(deliveries.length, 2)
  assert.equal(budgets[0].used, 305 + 118_120 + 2 * DELIVERY_BYTES)
})

test('a network that is cut inside a frame is noticed: the watch over silence goes on', async t => {
  /** Live timers with the length of the silence limit, and their callbacks. */
  const watches = new Map<unknown, () => void>()
  const { setTimeout: start, clearTimeout: stop } = globalThis
  t.mock.method(globalThis, 'setTimeout', (...[then, ms, ...rest]: Parameters<typeof start>) => {
    const timer = start(then, ms, ...rest)
    if (ms === 20_000) watches.set(timer, then)
    return timer
  })
  t.mock.method(globalThis, 'clearTimeout', (timer: NodeJS.Timeout) => {
    watches.delete(timer)
    stop(timer)
  })
  const cut = STREAM.subarray(0, STREAM.indexOf(TRANSFERS[1].payload) + 50_000)
  const { deliveries, lines } = await replayed(t, cut, () => 1_000)
  await until('what came before the cut is here', () => deliveries.length === 1)
  await until('it waits for the rest of the frame', () => watches.size === 1)
  await turn()
  assert.deepEqual(lines.map(({ msg }) => msg), ['connected to the bus', 'receiving'])
  const [[timer, silence]] = watches
  stop(timer as NodeJS.Timeout)
  silence()
  await until('the loss is told', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
})

/** Encodes the router's deliveries again, each in as many frames as it needs, with these layouts in turn. */
function relaid (framePayload: number, layouts: Array<Partial<Layout>>): Buffer {
  const { channel, fields: [handle] } = TRANSFERS[0]
  let turn = 0
  return Buffer.concat(TRANSFERS.flatMap(({ payload }, id) =>
    Array.from({ length: Math.ceil(payload.length / framePayload) }, (_, i) => {
      const end = (i + 1) * framePayload
      return transferFrame({
        channel,
        handle: handle as number,
        id: i === 0 ? id : undefined,
        more: end < payload.length,
        payload: payload.subarray(i * framePayload, end)
      }, layouts[turn++ % layouts.length])
    })))
}

const PAST_RHEA: Array<Partial<Layout>> = [
  {}, { wide: true, uint: 'long', flag: 'long', trimmed: false },
  { tag: undefined, silent: true, extended: Buffer.alloc(8, 0xff), format: undefined }
]
const THROUGH_RHEA: Array<Partial<Layout>> = [
  { state: 'accepted', flag: 'long' }, { descriptor: 'symbol8' }, { tag: { wide: true, bytes: Buffer.from('tag') }, flag: 'long' }
]

for (const [how, layouts] of Object.entries({
  'past rhea': PAST_RHEA, 'through rhea': THROUGH_RHEA, 'by turns': PAST_RHEA.flatMap((layout, i) => [layout, THROUGH_RHEA[i]])
})) {
  for (const framePayload of [1_000, 50_000]) {
    test(`frames of ${framePayload} bytes in every way that a bus may write them, ${how}`, async t => {
      const running = await replayed(t, Buffer.concat([UNTIL_TRANSFERS, relaid(framePayload, layouts)]), () => 7_777)
      await until('all are here', () => running.deliveries.length === 3)
      assertDelivered(running)
      assert.equal(running.budgets[0].used, 305 + 118_120 + 313 + 3 * DELIVERY_BYTES)
      assert.deepEqual(running.lines.map(({ msg }) => msg), ['connected to the bus', 'receiving'])
    })
  }
}

for (const [what, said, reason] of [
  ['a handle', { handle: 7 }, /Invalid handle 7/], ['a channel', { channel: 9 }, /invalid channel 9/]
] as const) {
  test(`a transfer with ${what} that nobody knows ends the connection, and is nobody's`, async t => {
    const { lines, deliveries, budgets } = await replayed(
      t, Buffer.concat([UNTIL_CLOSE, transferFrame({ channel: TRANSFERS[0].channel, id: 3, payload: Buffer.from('whose?'), ...said })]),
      () => 200_000
    )
    await until('it is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
    assert.match(String(lines.find(({ msg }) => msg.startsWith('lost'))?.reason), reason)
    assert.equal(deliveries.length, 3)
    assert.equal(budgets[0].used, 305 + 118_120 + 313 + 3 * DELIVERY_BYTES)
  })
}

test('a transfer over a second link that the bus opened in our session ends the connection, and is not stored as ours', async t => {
  const name = ATTACH.bytes.indexOf(Buffer.from([0xa1, 3, ...Buffer.from('raw')]))
  assert.deepEqual([...ATTACH.bytes.subarray(name + 5, name + 6)], [0x43], 'the handle is behind the name')
  const second = Buffer.concat([
    ATTACH.bytes.subarray(0, name), Buffer.from([0xa1, 3, ...Buffer.from('own'), 0x52, 1]), ATTACH.bytes.subarray(name + 6)
  ])
  second.writeUInt32BE(second.length, 0)
  second[12]++
  const { lines, deliveries } = await replayed(t, Buffer.concat([
    UNTIL_CLOSE, second, transferFrame({ channel: TRANSFERS[0].channel, handle: 1, id: 3, payload: Buffer.from('not asked for') })
  ]), () => 200_000)
  await until('it is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
  assert.match(String(lines.find(({ msg }) => msg.startsWith('lost'))?.reason), /handle 1/)
  assert.equal(deliveries.length, 3)
})

test('a protocol header in the middle ends the connection; rhea would wait for a frame of a gibibyte', async t => {
  const { lines, deliveries } = await replayed(t, Buffer.concat([UNTIL_CLOSE, Buffer.from('AMQP\0\x01\0\0', 'latin1')]), () => 8_192)
  await until('it is known', () => lines.some(({ msg }) => msg === 'lost the bus; connecting again'))
  assert.match(String(lines.find(({ msg }) => msg.startsWith('lost'))?.reason), /a frame of 1095586128 bytes/)
  assert.equal(deliveries.length, 3)
})
