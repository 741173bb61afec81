import type { Connection } from 'rhea'
// Has every frame looked through before rhea believes what it claims to hold.
import '../../source/amqp/rhea.ts'

/** What rhea 3.0.5 has of a connection's reading side: `frame_size` while it holds a part of a frame. */
interface Internals {
  input (bytes: Buffer): void
  frame_size?: number
  received_bytes: number
  dispatch (event: string, error: Error): void
}

/**
 * Bounds what a connection holds of a frame that is not complete: rhea would wait for any size that a peer announces,
 * up to 4 GiB. And it ends a held frame where it ends: rhea would copy all else that came with it as well. To be
 * called before the connection opens.
 */
export function boundFrames (connection: Connection, maxFrameSize: number): void {
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
