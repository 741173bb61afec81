import type { Connection as AmqpConnection, EventContext } from 'rhea'
import type { Socket } from 'node:net'

/** The fields of a connection's writing side in rhea 3.0.5. */
interface Internals {
  socket?: Socket
  socket_ready: boolean
  amqp_transport: { pending: unknown[], header_sent?: unknown }
  output (): void
  _write_frame (channel: number, performative?: Transfer, payload?: Buffer): void
}
interface Transfer { handle: number, delivery_id: number, delivery_tag: Buffer, message_format: number, settled?: boolean, more?: boolean }

/**
 * rhea copies the payload of each transfer twice, into memory that it clears first, and writes each frame with a system
 * call of its own. On this connection, payloads are written without a copy, and all writes of one turn of the event
 * loop go out together at its end. Must be called before the connection opens.
 */
export function streamWrites (connection: AmqpConnection): void {
  const internals = connection as unknown as Internals
  const output = internals.output.bind(connection)
  const writeFrame = internals._write_frame.bind(connection)
  let corked = false

  const cork = (socket: Socket) => {
    if (corked) return
    corked = true
    socket.cork()
    setImmediate(() => {
      corked = false
      socket.uncork()
    })
  }
  internals.output = () => {
    if (internals.socket !== undefined) cork(internals.socket)
    output()
  }
  internals._write_frame = (channel, performative, payload) => {
    const { socket, socket_ready: ready, amqp_transport: transport } = internals
    const writable = ready && transport.pending.length === 0 && transport.header_sent
    if (performative === undefined || payload === undefined || socket === undefined || !writable) {
      return writeFrame(channel, performative, payload)
    }
    cork(socket)
    socket.write(transferHead(channel, performative, payload.length))
    socket.write(payload)
  }
}

/**
 * rhea cuts messages into frames as large as the peer allows. On this connection, a frame has `bytes` at most. Must be
 * called before the connection opens.
 */
export function sendFramesOf (connection: AmqpConnection, bytes: number): void {
  connection.on('session_open', ({ session }: EventContext) => {
    const { outgoing } = session as unknown as { outgoing: { compute_max_payload (tag: Buffer): number | undefined } }
    const most = outgoing.compute_max_payload.bind(outgoing)
    outgoing.compute_max_payload = tag => Math.min(bytes - FRAME_HEAD - tag.length, most(tag) ?? Infinity)
  })
}

/** The bytes that rhea reserves for the head of a transfer frame, without its tag. */
const FRAME_HEAD = 50

const UINT = 0x70
const TRUE = 0x41
const FALSE = 0x42

/** The frame header and transfer performative (AMQP 1.0, 2.3.1 and 2.7.5) before a payload of `payload` bytes. */
function transferHead (channel: number, transfer: Transfer, payload: number): Buffer {
  const tag = transfer.delivery_tag
  const head = Buffer.allocUnsafe(14 + 15 + 2 + tag.length + 2)
  head.writeUInt32BE(head.length + payload, 0)
  head[4] = 2 // data offset, in words
  head[5] = 0 // an AMQP frame
  head.writeUInt16BE(channel, 6)
  head.writeUInt32BE(0x005314c0, 8) // descriptor of transfer; a list8 follows
  head[12] = head.length - 13
  head[13] = 6
  let at = head.writeUInt8(UINT, 14)
  at = head.writeUInt32BE(transfer.handle, at)
  at = head.writeUInt8(UINT, at)
  at = head.writeUInt32BE(transfer.delivery_id, at)
  at = head.writeUInt8(0xa0, at) // vbin8: a tag has 32 bytes at most
  at = head.writeUInt8(tag.length, at)
  at += tag.copy(head, at)
  at = head.writeUInt8(UINT, at)
  at = head.writeUInt32BE(transfer.message_format, at)
  at = head.writeUInt8(transfer.settled === true ? TRUE : FALSE, at)
  head.writeUInt8(transfer.more === true ? TRUE : FALSE, at)
  return head
}
