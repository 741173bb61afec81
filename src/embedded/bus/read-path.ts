import type { Connection as AmqpConnection } from 'rhea'
// Makes rhea check each frame before it trusts the frame's lengths and counts.
import '../../source/amqp/rhea.ts'

/** The fields of a connection's reading side in rhea 3.0.5. `frame_size` is set while rhea holds a part of a frame. */
interface Internals {
  input (bytes: Buffer): void
  frame_size?: number
  received_bytes: number
  dispatch (event: string, error: Error): void
}

/**
 * Limits the part of a frame that a connection holds: rhea would wait for any size that a peer announces, up to 4 GiB.
 * It also splits the input where a held frame ends: rhea would copy all bytes behind the frame, too. Must be called
 * before the connection opens.
 */
export function boundFrames (connection: AmqpConnection, maxFrameSize: number): void {
  const internals = connection as unknown as Internals
  const input = internals.input.bind(connection)
  internals.input = bytes => {
    const missing = internals.frame_size === undefined ? 0 : internals.frame_size - internals.received_bytes
    if (missing > 0 && missing < bytes.length) {
      input(bytes.subarray(0, missing))
      input(bytes.subarray(missing))
    } else {
      input(bytes)
    }
    if (internals.frame_size !== undefined && internals.frame_size > maxFrameSize) {
      internals.dispatch('error', new Error(`frame of ${internals.frame_size} bytes is larger than max-frame-size ${maxFrameSize}`))
    }
  }
}
