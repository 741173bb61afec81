import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { FrameReader } from './frames.ts'
import { checkUnread } from './peer-limits.ts'

interface Handlers {
  /** A frame or protocol header; its bytes are valid until the call returns. */
  onFrame: (frame: Buffer) => void
  /** Behind each read, whatever it brought. */
  onRead: () => void
  onError: (error: unknown) => void
}

/** The `connect` that rhea is given: a socket whose reads land in the buffer of a FrameReader, and reach rhea frame by frame. */
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
          // Nothing that still comes could be read; the error has rhea stop its timers.
          socket.destroy(error as Error)
        }
        onRead()
        return !socket.destroyed
      }
    }
    const socket: Socket = tls ? connectTls({ ...options, port, host, onread } as never, connected) : connectPlain({ port, host, onread } as never, connected)
    return socket
  }
}
