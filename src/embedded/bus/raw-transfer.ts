import type { Connection, EventContext, Receiver, Session } from 'rhea'

/**
 * rhea hands on the bytes of a delivery undecoded when its message-format is not 0, and decodes the whole body, string
 * by string, when it is. Messages of rsyslog have format 0; so each first transfer is relabelled, on its way into the
 * session, with a format that no sender uses, and `message` then carries a Buffer.
 */
const RAW_FORMAT = 0xffffffff

/** What rhea 3.0.5 keeps on a transfer frame, and on the delivery that a link is still receiving. */
interface TransferFrame {
  size: number
  performative: { handle: number, message_format: number | undefined, aborted?: boolean }
  payload?: Buffer
}
interface ReceivingLink { _incomplete?: { settled: boolean, frames: Array<Buffer | undefined>, bytes?: number }, credit: number, delivery_count: number }
interface Internals {
  on_transfer (frame: TransferFrame): void
  remote: { handles: Record<number, ReceivingLink> }
  connection: { _register (): void }
}

/** The bytes and the format of a delivery on a session that hands on raw transfers. */
export interface RawDelivery { message: Buffer, format: number }

/**
 * Makes every session of `connection`, also after a reconnect, hand on its messages as Buffers in `message` events.
 * To be called before the connection opens. Frames above `maxFrameSize` are the protocol error that the peer made.
 */
export function deliverRaw (connection: Connection, maxFrameSize = 0xffffffff): void {
  connection.on('session_open', ({ session }: EventContext) => patchSession(session!, maxFrameSize))
}

/** What a `message` event on such a session carries; the format is the sender's own again. */
export function rawDelivery (context: EventContext): RawDelivery {
  const format = (context as { format?: number }).format
  // A delivery without a single byte has no payload at all.
  return { message: (context.message as unknown as Buffer | undefined) ?? Buffer.alloc(0), format: format === undefined || format === RAW_FORMAT ? 0 : format }
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
      // Only the first transfer of a delivery names a format; rhea keeps that of the first.
      if (link !== undefined && link._incomplete === undefined) {
        if (link.credit <= 0) throw new Error('a transfer came for which there was no credit')
        if (!performative.message_format) performative.message_format = RAW_FORMAT
      }
      receive(frame)
      bound(link?._incomplete, frame.payload)
    }
    // rhea renews the session's window only when something else makes it write. Were nothing to, a message of more
    // frames than the window holds would never be completed.
    internals.connection._register()
  }
}

/** A peer may send frames of one message for ever. One of 16 bytes costs more than its bytes to keep. */
function bound (incomplete: ReceivingLink['_incomplete'], payload: Buffer | undefined): void {
  if (incomplete === undefined) return
  incomplete.bytes = (incomplete.bytes ?? 0) + (payload?.length ?? 0) + FRAME_COST
  if (incomplete.bytes > MAX_MESSAGE_BYTES) throw new Error(`a message of more than ${MAX_MESSAGE_BYTES} bytes came`)
}

const FRAME_COST = 256
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024

/** An aborted delivery (AMQP 1.0, 2.7.5) is no message: rhea, which knows no such flag, would deliver the stump. */
function abandon (link: ReceivingLink | undefined): void {
  if (link?._incomplete === undefined) return
  link._incomplete.settled = true
  link._incomplete = undefined
  link.credit--
  link.delivery_count++
}

/** Credit that a receiver still holds, as rhea counts it. */
export function creditOf (receiver: Receiver): number {
  return (receiver as unknown as { credit: number }).credit
}
