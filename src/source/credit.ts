/**
 * Push-back in AMQP's own terms. The bus may send as many frames as the session's incoming window says (spec 2.5.6), none larger than
 * FRAME_BYTES, and as many messages as the link has credit. Both are set to the same number: as many whole frames as there is room
 * for. So what is here and what may still come stay within the budget, whatever the size of the messages, and single-record
 * messages get as much credit as large ones.
 */
export const FRAME_BYTES = 64 * 1024

/** More is of no use: at a millisecond to the bus and back this is four million messages a second. */
const MAX_CREDIT = 4096

/** How many frames, and messages, the bus may send while `room` bytes are free. */
export function creditFor (room: number): number {
  return Math.max(0, Math.min(MAX_CREDIT, Math.floor(room / FRAME_BYTES)))
}

/** Each grant is a frame and a system call, so it waits until half of what could be given is used up. */
export function shouldGrant (outstanding: number, possible: number): boolean {
  return outstanding <= possible / 2 && possible > outstanding
}
