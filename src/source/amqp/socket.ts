import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { FrameReader } from './frames.ts'
import { checkUnread } from './peer-limits.ts'

interface Handlers {
  /** `frame` is a frame or a protocol header. Its bytes are valid until the call returns. */
  onFrame: (frame: Buffer) => void
  /** Called after each read, even where the read completes no frame. */
  onRead: () => void
  onError: (error: unknown) => void
}

/**
 * Makes the `connect` function that rhea is given. Its socket reads into the buffer of a FrameReader, which hands on
 * frames one by one.
 */
export function connectReading (tls: boolean, { onFrame, onRead, onError }: Handlers) {
  return (port: number, host: string, options: object, connected: () => void): Socket => {
    const reader = new FrameReader(frame => { if (!socket.destroyed) onFrame(frame) })
    const onread = {
      buffer: () => reader.room,
      callback: (length: number): boolean => {
        try {
          reader.read(length)
          checkUnread(socket.writableLength)
        } catch (error) {
          onError(error)
          // No further frame could be read. The error makes rhea stop its timers.
          socket.destroy(error as Error)
        }
        onRead()
        return !socket.destroyed
      }
    }
    const socket: Socket = tls
      ? connectTls({ ...options, port, host, onread } as never, connected)
      : connectPlain({ port, host, onread } as never, connected)
    return socket
  }
}
