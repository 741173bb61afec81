/**
 * Push-back in AMQP's own terms. The bus may send as many frames as the session's incoming window says (spec 2.5.6), and as many
 * messages as the link has credit. Both are set to the same number: as many times FRAME_BYTES as there is room for. So what is here
 * and what may still come stay within the budget, whatever the size of the messages, and single-record messages get as much credit as
 * large ones.
 */
export const FRAME_BYTES = 64 * 1024

/**
 * What a delivery costs the process beside its payload: its place in a batch, and the entries and parts that even an empty one becomes.
 * Counted against the budget like its bytes, or a flood of tiny messages would get past it.
 */
export const DELIVERY_BYTES = 256

/** The largest frame that is asked for: with what its delivery costs, it takes up no more than is reserved for it. */
export const MAX_FRAME_SIZE = FRAME_BYTES - DELIVERY_BYTES

/** The largest message that is taken: the budget must hold it and the frame that follows, and a worker must handle it as one. */
export function maxMessageBytes (limit: number): number {
  return Math.min(limit - FRAME_BYTES, 128 * 1024 * 1024)
}

/** More is of no use: at a millisecond to the bus and back this is four million messages a second. */
const MAX_CREDIT = 4096

/** How many frames, and messages, the bus may send while `room` bytes are free. */
export function creditFor (room: number): number {
  return Math.max(0, Math.min(MAX_CREDIT, Math.floor(room / FRAME_BYTES)))
}

/**
 * Each grant is a frame and a system call, so it waits until half of what could be given is used up, and until `least` more can be given:
 * with the budget nearly full, each message settled would else buy a grant of its own.
 */
export function shouldGrant (outstanding: number, possible: number, least: number): boolean {
  return outstanding <= possible / 2 && possible - outstanding >= least
}

/**
 * A sixteenth of all that can be given. What is missing to that is settled in time, and asks again; but where a message has come in
 * part, it may be that nothing else is there to be settled, so then any is enough.
 */
export function leastGrant (limit: number, partial: boolean): number {
  return partial ? 1 : Math.max(1, Math.floor(creditFor(limit) / 16))
}
