import type { TLSSocket } from 'node:tls'
import type { Wire, WireEvents } from './wire.ts'

/**
 * A connection over TLS, whose handshake is done. Node decrypts a read of at most 16 KiB at a time. What is decrypted
 * when the wire is paused stays in the socket.
 */
export class TlsWire implements Wire {
  paused = true
  readonly #socket: TLSSocket

  constructor (socket: TLSSocket, events: WireEvents) {
    this.#socket = socket
    let error: Error | undefined
    socket.pause()
    socket
      .on('data', (chunk: Buffer) => events.bytes(chunk))
      .on('end', () => events.ended())
      .on('drain', () => events.drained())
      .on('error', (found: Error) => { error = found })
      .on('close', () => events.closed(error))
  }

  get unsent (): number {
    return this.#socket.writableLength
  }

  resume (): void {
    this.paused = false
    this.#socket.resume()
  }

  pause (): void {
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
