/**
 * Backpressure in AMQP's own terms. The bus may send as many frames as the session's incoming window says (spec 2.5.6),
 * and as many messages as the link has credit. Both are set to the same number: how many times the budget has room for
 * FRAME_BYTES. So messages that are here and messages that may still come fit the budget, whatever their size, and
 * single-record messages get as much credit as large ones.
 */
export const FRAME_BYTES = 64 * 1024

/**
 * The cost of a delivery beside its payload: its place in a batch, and the entries and parts that even an empty
 * delivery becomes. It counts against the budget, so that a flood of tiny messages cannot exceed the budget.
 */
export const DELIVERY_BYTES = 256

/**
 * The largest frame that the bus may send. With the cost of its delivery, a frame takes no more than is reserved for
 * it.
 */
export const MAX_FRAME_SIZE = FRAME_BYTES - DELIVERY_BYTES

/**
 * The largest message that is taken. The budget must hold the message and the frame that follows, and a worker must
 * handle the message as one.
 */
export function maxMessageBytes (limit: number): number {
  return Math.min(limit - FRAME_BYTES, 128 * 1024 * 1024)
}

/** More credit is of no use: at a millisecond to the bus and back, this is four million messages a second. */
const MAX_CREDIT = 4096

/** How many frames, and messages, the bus may send while `room` bytes are free. */
export function creditFor (room: number): number {
  return Math.max(0, Math.min(MAX_CREDIT, Math.floor(room / FRAME_BYTES)))
}

/**
 * Each grant costs a frame and a system call. So a grant waits until half of the possible credit is used up, and until
 * it gives `least` or more: with the budget nearly full, each settled message would else cause a grant of its own.
 */
export function shouldGrant (outstanding: number, possible: number, least: number): boolean {
  return outstanding <= possible / 2 && possible - outstanding >= least
}

/**
 * A sixteenth of the full credit. The rest of the budget is settled in time, and settling asks for a grant again. But
 * where a message has come in part, there may be nothing else to settle; then any credit is enough.
 */
export function leastGrant (limit: number, partial: boolean): number {
  return partial ? 1 : Math.max(1, Math.floor(creditFor(limit) / 16))
}
