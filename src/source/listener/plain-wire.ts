import { Socket } from 'node:net'
import { READ_BYTES } from '../budget/frame-room.ts'
import type { Wire, WireEvents } from './wire.ts'

/** All connections are read into this memory, one after the other. */
const shared = Buffer.alloc(READ_BYTES)

/** What stands inside of Node's socket. */
interface Internals { _handle: object | null }

/** Node's own types know `handle` and `onread` only apart. */
const AdoptingSocket = Socket as unknown as new (options: object) => Socket

/**
 * A connection without TLS. Node offers `onread`, a buffer of the caller's own to read into, to clients only. So the
 * socket that the server has made gives its handle to one that has such a buffer. Then a pause holds at once, no read
 * brings more than it may, and no memory is allocated for it.
 */
export class PlainWire implements Wire {
  paused = true
  readonly #socket: Socket

  /** `accepted` must be paused, and nothing may have been read from it but `first`. */
  constructor (accepted: Socket, events: WireEvents) {
    const inside = accepted as unknown as Internals
    let error: Error | undefined
    this.#socket = new AdoptingSocket({
      handle: inside._handle,
      allowHalfOpen: true,
      pauseOnCreate: true,
      onread: {
        buffer: () => shared.subarray(0, events.nextRead),
        callback: (length: number) => {
          events.bytes(shared.subarray(0, length))
          return !this.paused
        }
      }
    })
    inside._handle = null
    accepted.destroy()
    this.#socket
      .on('end', () => events.ended())
      .on('drain', () => events.drained())
      .on('error', (found: Error) => { error = found })
      .on('close', () => events.closed(error))
  }

  get unsent (): number {
    return this.#socket.writableLength
  }

  resume (): void {
    if (!this.paused) return
    this.paused = false
    this.#socket.resume()
  }

  pause (): void {
    if (this.paused) return
    this.paused = true
    this.#socket.pause()
  }

  write (text: string): void {
    this.#socket.write(text, 'latin1')
  }

  end (): void {
    this.#socket.destroySoon()
  }

  destroy (): void {
    this.#socket.destroy()
  }
}
