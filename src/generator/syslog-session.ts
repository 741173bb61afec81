import type { Parcel } from './load.ts'
import type { Carrier, Session } from './session.ts'

/** Bytes of one write, and of all that are not known to be with the kernel. */
const WRITE_BYTES = 32 * 1024
const MOST_WAITING = 128 * 1024

/**
 * Syslog over a stream with counted octets (RFC 6587, 5425), as rsyslog's omfwd sends it. Nothing is acknowledged: a
 * record counts as written when the kernel has it. What the kernel has not taken when the connection is lost is sent
 * again.
 */
export class SyslogSession implements Session {
  readonly #carrier: Carrier
  readonly #waiting = new Set<Parcel>()
  #waitingBytes = 0
  #scheduled = false
  #ended = false

  constructor (carrier: Carrier) {
    this.#carrier = carrier
  }

  pump (): void {
    while (!this.#ended && this.#waitingBytes < MOST_WAITING) {
      const parcels: Parcel[] = []
      let size = 0
      while (size < WRITE_BYTES) {
        const parcel = this.#carrier.next()
        if (parcel === undefined) break
        parcels.push(parcel)
        size += parcel.bytes.length
      }
      if (parcels.length === 0) return
      this.#write(parcels, size)
    }
  }

  /** Whatever a receiver of syslog says, it means nothing. */
  read (): void {}

  /** A write that the kernel took just then may still be called back for. */
  lost (): Parcel[] {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    return waiting
  }

  end (): void {
    this.#ended = true
    this.#carrier.socket.end()
  }

  #write (parcels: readonly Parcel[], bytes: number): void {
    for (const parcel of parcels) this.#waiting.add(parcel)
    this.#waitingBytes += bytes
    const frames = parcels.flatMap(({ bytes }) => [Buffer.from(`${bytes.length} `, 'latin1'), bytes])
    this.#carrier.socket.write(Buffer.concat(frames), error => {
      if (error !== undefined && error !== null) return
      this.#waitingBytes -= bytes
      for (const parcel of parcels) if (this.#waiting.delete(parcel)) this.#carrier.settle(parcel, 'written')
      this.#pumpSoon()
    })
  }

  /** The kernel may take all that there is at once, and go on so: whatever else the process does has its turn first. */
  #pumpSoon (): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.pump()
    })
  }
}
