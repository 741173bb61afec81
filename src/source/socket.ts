import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** How much one read may bring: several large deliveries, so that few of them are cut in two by the end of a read. */
const READ_BYTES = 512 * 1024

/** What rhea keeps of its input until the rest of a frame has come. */
interface InputState {
  input (bytes: Buffer): void
  /** Bytes of the frame that is being gathered, in pieces; its size is `frame_size`, and `received_bytes` of it are here. */
  chunks?: Buffer[] | null
  frame_size?: number
  received_bytes: number
  /** Fewer bytes than a frame's size takes. */
  previous_input?: Buffer | null
}

/**
 * The `connect` that rhea is given: a socket whose reads land in one buffer, used again each time. Node would otherwise allocate
 * 64 KiB a read, outside the heap, and collecting those cost the main thread as much as all the rest it did. The bytes are valid until
 * the handler returns; rhea holds on only to the beginning of a frame whose end is to come, and that is copied.
 */
export function connectReusing (tls: boolean, connection: () => object, afterRead: () => void) {
  return (port: number, host: string, options: object, connected: () => void): Socket => {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const onread = {
      buffer,
      callback: (length: number): boolean => {
        read(connection() as InputState, buffer.subarray(0, length))
        afterRead()
        return true
      }
    }
    return tls ? connectTls({ ...options, port, host, onread } as never, connected) : connectPlain({ port, host, onread } as never, connected)
  }
}

function read (rhea: InputState, bytes: Buffer): void {
  const missing = rhea.frame_size === undefined ? 0 : rhea.frame_size - rhea.received_bytes
  // A frame that is being gathered ends where it ends: rhea would copy all that came behind it as well.
  if (missing > 0 && missing < bytes.length) {
    rhea.input(bytes.subarray(0, missing))
    rhea.input(bytes.subarray(missing))
  } else rhea.input(bytes)
  if (rhea.frame_size !== undefined && rhea.chunks != null) rhea.chunks.push(Buffer.from(rhea.chunks.pop() as Buffer))
  if (rhea.previous_input != null) rhea.previous_input = Buffer.from(rhea.previous_input)
}
