import type { Connection as AmqpConnection, EventContext, Receiver, Session } from 'rhea'

/**
 * rhea hands on a delivery's bytes undecoded where its message-format is not 0. Else it decodes the whole body, string
 * by string. rsyslog's messages have format 0. So each first transfer gets, on its way into the session, a format that
 * no sender uses, and a `message` event carries a Buffer.
 */
const RAW_FORMAT = 0xffffffff

/** The fields that rhea 3.0.5 keeps of a transfer frame, and of the delivery that a link still receives. */
interface TransferFrame {
  size: number
  performative: { handle: number, message_format: number | undefined, aborted?: boolean }
  payload?: Buffer
}
interface ReceivingLink {
  _incomplete?: { settled: boolean, frames: Array<Buffer | undefined>, bytes?: number }
  credit: number
  delivery_count: number
}
interface Internals {
  on_transfer (frame: TransferFrame): void
  remote: { handles: Record<number, ReceivingLink> }
  connection: { _register (): void }
}

/** The bytes and the format of a delivery on a session that hands on raw transfers. */
export interface RawDelivery { message: Buffer, format: number }

/**
 * Makes each session of `connection`, also after a reconnect, emit its messages as Buffers in `message` events. Must be
 * called before the connection opens. A frame above `maxFrameSize` is a protocol error of the peer.
 */
export function deliverRaw (connection: AmqpConnection, maxFrameSize = 0xffffffff): void {
  connection.on('session_open', ({ session }: EventContext) => patchSession(session!, maxFrameSize))
}

/** The content of a `message` event on such a session. The format is the sender's own again. */
export function rawDelivery (context: EventContext): RawDelivery {
  const format = (context as { format?: number }).format
  // A delivery without a byte has no payload.
  const message = (context.message as unknown as Buffer | undefined) ?? Buffer.alloc(0)
  return { message, format: format === undefined || format === RAW_FORMAT ? 0 : format }
}

const patched = new WeakSet<Session>()

function patchSession (session: Session, maxFrameSize: number): void {
  if (patched.has(session)) return
  patched.add(session)
  const internals = session as unknown as Internals
  const receive = internals.on_transfer.bind(session)
  internals.on_transfer = frame => {
    if (frame.size > maxFrameSize) throw new Error(`frame of ${frame.size} bytes is larger than max-frame-size ${maxFrameSize}`)
    const { performative } = frame
    const link = internals.remote.handles[performative.handle]
    if (performative.aborted) {
      abandon(link)
    } else {
      // Only the first transfer of a delivery names a format, and rhea keeps that.
      if (link !== undefined && link._incomplete === undefined) {
        if (link.credit <= 0) throw new Error('a transfer came for which there was no credit')
        if (!performative.message_format) performative.message_format = RAW_FORMAT
      }
      receive(frame)
      bound(link?._incomplete, frame.payload)
    }
    // rhea renews the session's window only when something else makes it write. Without this write, a message of more
    // frames than the window holds would never be complete.
    internals.connection._register()
  }
}

/** A peer may send frames of one message for ever. A frame of 16 bytes costs more to keep than its bytes. */
function bound (incomplete: ReceivingLink['_incomplete'], payload: Buffer | undefined): void {
  if (incomplete === undefined) return
  incomplete.bytes = (incomplete.bytes ?? 0) + (payload?.length ?? 0) + FRAME_COST
  if (incomplete.bytes > MAX_MESSAGE_BYTES) throw new Error(`a message of more than ${MAX_MESSAGE_BYTES} bytes came`)
}

const FRAME_COST = 256
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024

/**
 * An aborted delivery (AMQP 1.0, 2.7.5) is no message. rhea ignores the flag, and would deliver the part that has come.
 */
function abandon (link: ReceivingLink | undefined): void {
  if (link?._incomplete === undefined) return
  link._incomplete.settled = true
  link._incomplete = undefined
  link.credit--
  link.delivery_count++
}

/** The credit that a receiver still holds, as rhea counts it. */
export function creditOf (receiver: Receiver): number {
  return (receiver as unknown as { credit: number }).credit
}
