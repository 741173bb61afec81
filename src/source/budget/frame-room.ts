/** A listener reads no more than this from a connection at a time. */
export const READ_BYTES = 32 * 1024

/**
 * Room that a listener keeps back, so that a frame of the largest size which has come in part can be finished. Its
 * memory has grown by then to the frame, and a read that came behind it.
 */
export function finishRoom (maxFrameBytes: number): number {
  return maxFrameBytes + 2 * READ_BYTES
}

/** The least that the own part of a listener's budget must be. */
export function frameRoom (maxFrameBytes: number): number {
  return finishRoom(maxFrameBytes) + READ_BYTES
}
