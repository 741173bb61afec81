import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import {
  AMQP_HEADER, attach, begin, challenge, disposition, emptyElements, flow, frame, FALSE, list, mechanisms, nested, NULL, open, outcome,
  response, SASL_HEADER, saslInit, symbol, text, transfer, TRUE, uint, ushort
} from '../helpers/hostile-frames.ts'
import { message, record } from '../helpers/messages.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { connectClient, openReceiver } from '../unit/embedded/bus/client.ts'
import { until } from '../helpers/until.ts'

const UP = [AMQP_HEADER, open(), begin(0, NULL)]
const SENDING = [...UP, attach(text('s'))]
const TO_A_RECEIVER = [...UP, attach(text('s'), { address: 'logs' })]
const RECEIVING = [...UP, attach(text('r'), { role: TRUE })]

function * times (count: number, make: (i: number) => Buffer): Iterable<Buffer> {
  for (let i = 0; i < count; i++) yield make(i)
}

/** What a client sends to the embedded bus, and the error that the bus keeps; undefined where the bytes are allowed. */
const ATTACKS: Array<[name: string, bytes: Iterable<Buffer>, error: RegExp | undefined]> = [
  ['garbage', [Buffer.alloc(100_000, 'x')], /Invalid protocol header/],
  ['another protocol id', [Buffer.from('AMQP\x07\x01\0\0', 'latin1')], /Invalid AMQP protocol id 7/],
  ['a frame of 4 GiB', [AMQP_HEADER, frame(Buffer.alloc(50), { size: 0xffffffff })], /frame of 4294967295 bytes is larger/],
  ['a frame smaller than its header', [AMQP_HEADER, frame(Buffer.alloc(0), { size: 3 }), Buffer.alloc(64)], /./],
  ['a data offset beyond the frame', [AMQP_HEADER, frame(Buffer.alloc(8), { doff: 200 })], /data offset of 800 bytes/],
  ['SASL garbage', [SASL_HEADER, frame(Buffer.alloc(100, 0xfe), { type: 1 })], /malformed frame/],
  ['a response to no challenge', [SASL_HEADER, response()], /./],
  ['a challenge, an outcome and mechanisms from the wrong side', [SASL_HEADER, challenge(), outcome(), mechanisms()], /./],
  ['SASL without an end', times(3_000, i => i === 0 ? SASL_HEADER : saslInit(symbol('NO-SUCH'))), undefined],
  ['a mechanism by the name of a function', [SASL_HEADER, saslInit(symbol('constructor'))], /./],
  ['an array of four billion', [AMQP_HEADER, open({ properties: emptyElements(0xffffffff) })], /elements in \d+ bytes/],
  ['lists that claim 30 million, in each other', [AMQP_HEADER, open({ properties: nested(20, 30_000_000) })], /elements in \d+ bytes/],
  [
    'a map that claims a million', [...UP, attach(text('m'), { properties: list([NULL], { count: 1_000_000, code: 0xd1 }) })],
    /elements in \d+ bytes/
  ],
  ['lists 1,000 deep', [AMQP_HEADER, open({ properties: nested(1_000) })], /values more than 32 deep/],
  ['a frame size that leaves no room for a payload', [AMQP_HEADER, open({ maxFrame: uint(10) })], /max-frame-size 10/],
  ['a flood of sessions', times(1_000, i => i === 0 ? AMQP_HEADER : i === 1 ? open() : begin(i, NULL)), /more than 256 are open/],
  ['a flood of links', times(4_500, i => UP[i] ?? attach(text(`l${i}`), { handle: i })), /more than 4096 are open/],
  ['a link whose name is true', [...UP, attach(TRUE)], /must be of type string/],
  ['a link at the count -1', [...UP, attach(text('r'), { role: TRUE, count: Buffer.of(0x54, 0xff) }), flow(uint(0), uint(10))], undefined],
  ['a handle that nobody has', [...UP, transfer({ handle: 5 })], /Invalid handle 5/],
  [
    'transfers without credit',
    times(20_000, i => SENDING[i] ?? transfer({ id: i - SENDING.length, payload: Buffer.from('005377a10178', 'hex') })), /no credit/
  ],
  [
    'a message without an end', times(30_000, i => TO_A_RECEIVER[i] ?? transfer({ more: true, payload: Buffer.alloc(16_000) })),
    /a message of more than \d+ bytes/
  ],
  ['settlement of what was never sent', times(500, i => RECEIVING[i] ?? disposition(0, 0xffffffff)), undefined],
  ['settlement of what it did not send', times(500, i => SENDING[i] ?? disposition(1, 0xfffffffe, FALSE)), undefined],
  ['a flow for a session that nobody has', [AMQP_HEADER, open(), flow()], /invalid channel 0/],
  ['a session that answers none', [AMQP_HEADER, open(), begin(0, ushort(3))], /Invalid value for remote channel 3/]
]

for (const [name, bytes, error] of ATTACKS) {
  test(`${name}: the bus ends that connection only`, async t => {
    const cleanup = Cleanup.of(t)
    const bus = await startBus()
    cleanup.add(async () => { await bus.close() })
    const { receiver } = await openReceiver(
      await connectClient(t, bus.port), 'logs', 10, ({ delivery }) => { delivery.accept(); receiver.add_credit(1) }
    )
    const sender = await RawSender.connect(bus.port, 'logs')
    cleanup.add(async () => { await sender.close() })
    const before = process.memoryUsage().rss
    const hostile = connect(bus.port, '127.0.0.1')
    hostile.on('error', () => {}).resume()
    await once(hostile, 'connect')
    await pour(hostile, bytes)
    assert.equal(await sender.send(message([record()])), 'accepted', 'while it goes on')
    if (error === undefined) hostile.end()
    await until('the hostile connection is gone', () => hostile.closed && bus.peers().length === 2)
    assert.ok(process.memoryUsage().rss - before < 600 * 2 ** 20, 'memory is bounded')
    if (error !== undefined) assert.match(bus.errors.map(String).join('\n'), error)
    assert.equal(await sender.send(message([record()])), 'accepted', 'and afterwards')
  })
}

async function pour (socket: Socket, bytes: Iterable<Buffer>): Promise<void> {
  for (const chunk of bytes) {
    if (socket.destroyed) return
    if (!socket.write(chunk)) await until('there is room', () => socket.destroyed || socket.writableLength === 0)
  }
}
