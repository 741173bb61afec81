import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { readFrames } from './amqp-frames.ts'
import * as h from './hostile-frames.ts'
import { tcpServer } from './http-server.ts'
import { until } from './until.ts'

/** What a hostile bus sends at stage `from`, and what Lokean must log of it. */
export interface Attack {
  name: string
  from: 'connect' | 'sasl' | 'open' | 'begin' | 'attach'
  /** Matches one of the logged reasons. */
  reason: RegExp
  bytes: Buffer | ((said: Said) => Iterable<Buffer>)
  /** The bus hangs up then. It gets an answer, but no reason. */
  leaves?: boolean
}

/** What Lokean's own frames said. */
interface Said { link: Buffer }

const many = function * (count: number, make: (i: number) => Buffer): Iterable<Buffer> {
  for (let i = 0; i < count; i++) yield make(i)
}
const MILLION = 1_000_000
const body = Buffer.from('005377b1000000027b7d', 'hex')
/** A list of one element that claims to hold `count`. A frame of the allowed size could hold so many. */
const claims = (count: number): Buffer => h.list([h.NULL], { count })
const millionMap = (): Buffer => h.list(Array.from({ length: 100_000 }, (_, i) => h.symbol(String(i)).subarray()), {
  code: 0xd1, count: 2 * MILLION
})

export const ATTACKS: Attack[] = [
  { name: 'garbage', from: 'connect', bytes: Buffer.alloc(100_000, 'x'), reason: /Invalid protocol header/ },
  { name: 'HTTP', from: 'connect', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), reason: /Invalid protocol header/ },
  { name: 'another protocol id', from: 'connect', bytes: Buffer.from('AMQP\x07\x01\0\0', 'latin1'), reason: /Invalid AMQP protocol id 7/ },
  { name: 'no SASL, where it was asked for', from: 'connect', bytes: h.AMQP_HEADER, reason: /Expecting SASL layer/ },
  { name: 'AMQP 0-9-1', from: 'connect', bytes: Buffer.from('AMQP\x00\x00\x09\x01', 'latin1'), reason: /Expecting SASL layer|version/i },
  {
    name: 'a frame of 4 GiB', from: 'sasl', bytes: h.frame(Buffer.alloc(100), { size: 0xffffffff }), reason: /a frame of 4294967295 bytes/
  },
  { name: 'a frame smaller than its header', from: 'sasl', bytes: h.frame(Buffer.alloc(0), { size: 7 }), reason: /a frame of 7 bytes/ },
  {
    name: 'a data offset beyond the frame',
    from: 'sasl',
    bytes: h.frame(Buffer.alloc(8), { type: 1, doff: 255 }),
    reason: /data offset of 1020 bytes/
  },
  { name: 'a data offset of 0', from: 'sasl', bytes: h.frame(Buffer.alloc(8), { type: 1, doff: 0 }), reason: /data offset of 0 bytes/ },
  { name: 'SASL garbage', from: 'sasl', bytes: h.frame(Buffer.alloc(200, 0xff), { type: 1 }), reason: /malformed frame/ },
  {
    name: 'no mechanism that it knows',
    from: 'sasl',
    bytes: h.mechanisms(h.symbol('__proto__')),
    reason: /No suitable mechanism|null|not a function|connection lost/i
  },
  { name: 'a challenge for nothing', from: 'sasl', bytes: h.challenge(), reason: /./ },
  { name: 'an AMQP frame in SASL', from: 'sasl', bytes: h.open(), reason: /Invalid frame type: 0/ },
  {
    name: 'a million mechanisms without bytes',
    from: 'sasl',
    bytes: h.mechanisms(h.emptyElements(0xffffffff)),
    reason: /elements in \d+ bytes/
  },
  {
    name: 'an array of four billion in open',
    from: 'open',
    bytes: h.open({ properties: h.emptyElements(0xffffffff) }),
    reason: /elements in \d+ bytes/
  },
  {
    name: 'a list that claims 30 million',
    from: 'open',
    bytes: h.open({ properties: h.nested(20, 30 * MILLION) }),
    reason: /elements in \d+ bytes/
  },
  {
    name: 'a map of a million in open',
    from: 'open',
    bytes: h.open({ properties: millionMap() }),
    reason: /elements in \d+ bytes|a frame of \d+ bytes/
  },
  {
    name: 'lists 100,000 deep in open', from: 'open', bytes: h.open({ properties: h.nested(100_000) }), reason: /values more than 32 deep/
  },
  {
    name: 'a flood of sessions',
    from: 'open',
    bytes: () => many(1_000, i => h.begin(i, h.NULL)),
    reason: /more than 16 sessions and links of its own/
  },
  { name: 'sessions that nobody began', from: 'open', bytes: h.begin(0, h.ushort(77)), reason: /Invalid value for remote channel 77/ },
  { name: 'open twice', from: 'open', bytes: Buffer.concat([h.open(), h.open()]), reason: /Open already received/ },
  {
    name: 'a map of claims in attach',
    from: 'begin',
    bytes: h.attach(h.text('x'), { properties: claims(MILLION) }),
    reason: /elements in \d+ bytes/
  },
  {
    name: 'a flood of links',
    from: 'begin',
    bytes: () => many(1_000, i => h.attach(h.text(`link ${i}`), { handle: i })),
    reason: /more than 16 sessions and links of its own/
  },
  {
    name: 'a link whose name is a list',
    from: 'begin',
    bytes: h.attach(h.list([h.TRUE]), { handle: 9 }),
    reason: /does not support multiple values/
  },
  { name: 'a link whose name is true', from: 'begin', bytes: h.attach(h.TRUE, { handle: 9 }), reason: /must be of type string/ },
  {
    name: 'a link that begins at the count -1',
    from: 'begin',
    bytes: ({ link }) => [h.attach(link, { count: Buffer.of(0x54, 0xff) })],
    reason: /is out of range/
  },
  {
    name: 'a transfer for a handle that nobody has',
    from: 'attach',
    bytes: h.transfer({ handle: 7, payload: body }),
    reason: /Invalid handle 7/
  },
  {
    name: 'a transfer in a channel that nobody has',
    from: 'attach',
    bytes: h.transfer({ channel: 9, payload: body }),
    reason: /invalid channel 9/
  },
  {
    name: 'transfers beyond window and credit',
    from: 'attach',
    bytes: () => many(50_000, i => h.transfer({ id: i, payload: body })),
    reason: /sent more on logs than it was allowed to/
  },
  {
    name: 'large transfers beyond window and credit',
    from: 'attach',
    bytes: () => many(100, i => h.transfer({ id: i, payload: Buffer.alloc(900_000) })),
    reason: /sent more on logs than it was allowed to/
  },
  {
    name: 'delivery ids that leap',
    from: 'attach',
    bytes: Buffer.concat([h.transfer({ id: 0, payload: body }), h.transfer({ id: 4_000_000_000, payload: body })]),
    reason: /delivery 4000000000 where 1 had to come/
  },
  {
    name: 'a message without an end',
    from: 'attach',
    bytes: () => many(1_000, i => h.transfer({ id: 0, more: true, payload: Buffer.alloc(10_000, i) })),
    reason: /a message of more than \d+ bytes came/,
    leaves: true
  },
  {
    name: 'settlement of what nobody sent',
    from: 'attach',
    bytes: () => many(50, () => h.disposition(0, 0xffffffff)),
    reason: /connection lost/,
    leaves: true
  },
  {
    name: 'frames without an end and without a byte',
    from: 'attach',
    bytes: () => many(20_000, () => h.transfer({ id: 0, more: true })),
    reason: /connection lost/,
    leaves: true
  },
  {
    name: 'questions whose answers it does not read',
    from: 'attach',
    bytes: () => many(20_000, () => h.flow(h.NULL, h.uint(0), h.TRUE)),
    reason: /connection lost/,
    leaves: true
  },
  { name: 'a flow for a handle that nobody has', from: 'attach', bytes: h.flow(h.uint(99)), reason: /Invalid handle 99/ },
  {
    name: 'a frame in the middle of nothing',
    from: 'attach',
    bytes: Buffer.concat([h.frame(h.described(0x99, h.list([]))), Buffer.alloc(64)]),
    reason: /./
  },
  {
    name: 'a frame of another type',
    from: 'attach',
    bytes: h.frame(h.described(0x10, h.list([])), { type: 2 }),
    reason: /Unknown frame type 2/
  },
  {
    name: 'detach with a name that is none',
    from: 'attach',
    bytes: h.frame(h.described(0x18, h.list([h.described(0x1d, h.list([h.symbol('amqp:'.repeat(10_000)), h.text('x'.repeat(100_000))]))]))),
    reason: /amqp:/
  }
]

/** Starts a bus that makes one attack on each connection, in turn. */
export async function hostileBus (t: TestContext, attacks: readonly Attack[]): Promise<{ port: number, attacked: () => number }> {
  let next = 0
  const { port } = await tcpServer(t, socket => {
    const attack = attacks[next++ % attacks.length]
    void perform(socket, attack).catch(() => {})
  })
  return { port, attacked: () => next }
}

async function perform (socket: Socket, attack: Attack): Promise<void> {
  const received: Buffer[] = []
  socket.setNoDelay(true).on('data', chunk => { received.push(chunk) })
  const link = await approach(socket, attack.from, () => Buffer.concat(received))
  const { bytes } = attack
  for (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes({ link })) {
    if (socket.destroyed) return
    if (!socket.write(chunk)) await until('there is room', () => socket.destroyed || socket.writableLength === 0)
  }
  if (attack.leaves === true) socket.end()
}

/** Acts as an honest bus up to the stage. Returns the name of Lokean's link, as soon as it is known. */
async function approach (socket: Socket, stage: Attack['from'], said: () => Buffer): Promise<Buffer> {
  if (stage === 'connect') return Buffer.alloc(0)
  socket.write(h.SASL_HEADER)
  if (stage === 'sasl') return Buffer.alloc(0)
  socket.write(Buffer.concat([h.mechanisms(), h.outcome(), h.AMQP_HEADER]))
  if (stage === 'open') return Buffer.alloc(0)
  socket.write(Buffer.concat([h.open(), h.begin()]))
  const ours = (): string | undefined => readFrames(said()).find(({ code }) => code === 0x12)?.fields[0] as string | undefined
  await until('it attaches', () => socket.destroyed || ours() !== undefined)
  const link = h.text(ours() ?? '')
  if (stage === 'attach') socket.write(h.attach(link))
  return link
}
