import type { Parcel } from './load.ts'
import { relpFrame, relpHeader, RelpReader, TRAILER, type RelpFrame } from './relp-frames.ts'
import type { Carrier, Session } from './session.ts'
import { VERSION } from '../version.ts'

const OFFERS = `relp_version=0\nrelp_software=lokean,${VERSION}\ncommands=syslog`
const MOST_NUMBER = 999_999_999
/** As rsyslog's `timeout`: how long a full window may stay without an answer. */
const TIMEOUT_MS = 90_000

/**
 * The client's side of RELP, as rsyslog's omrelp has it: one frame a record, and a window of frames that wait for their
 * answers. What is unanswered when the connection is lost, or when a full window gets no answer for long, is sent again
 * in order over the next one.
 *
 *     opening --rsp 200--> open --end()--> closing --rsp--> the socket ends
 *     in each of them: serverclose, another answer to `open`, or what is not RELP --> fail
 */
export class RelpSession implements Session {
  readonly #carrier: Carrier
  readonly #reader = new RelpReader()
  /** By their numbers, in the order of sending. */
  readonly #unanswered = new Map<number, Parcel>()
  #state: 'opening' | 'open' | 'closing' = 'opening'
  #number = 1
  #cancelTimeout: (() => void) | undefined

  constructor (carrier: Carrier) {
    this.#carrier = carrier
    carrier.socket.write(relpFrame(this.#number, 'open', OFFERS))
  }

  pump (): void {
    if (this.#state !== 'open') return
    const { socket, window } = this.#carrier
    const pieces: Buffer[] = []
    while (this.#unanswered.size < window) {
      const parcel = this.#carrier.next()
      if (parcel === undefined) break
      const number = this.#nextNumber()
      this.#unanswered.set(number, parcel)
      pieces.push(relpHeader(number, 'syslog', parcel.bytes.length), parcel.bytes, TRAILER)
    }
    if (pieces.length > 0) socket.write(Buffer.concat(pieces))
    if (this.#unanswered.size >= window) this.#watch()
  }

  read (bytes: Buffer): void {
    this.#reader.read(bytes, frame => this.#take(frame))
    this.pump()
  }

  lost (): Parcel[] {
    this.#cancelTimeout?.()
    return [...this.#unanswered.values()]
  }

  end (): void {
    if (this.#state === 'opening') return this.#carrier.fail(new Error('closed before the session was open'))
    if (this.#state === 'closing') return
    this.#state = 'closing'
    this.#carrier.socket.write(relpFrame(this.#nextNumber(), 'close'))
  }

  #take ({ number, command, data }: RelpFrame): void {
    if (command === 'serverclose') throw new Error('the server closed the session')
    if (command !== 'rsp') throw new Error(`the server sent the command ${command}`)
    const accepted = /^200(?!\d)/.test(data)
    if (number === 1 && this.#state === 'opening') {
      if (!accepted) throw new Error(`the server refused the session: ${data.split('\n', 1)[0]}`)
      this.#state = 'open'
      return
    }
    if (number === this.#number && this.#state === 'closing') {
      this.#carrier.socket.end()
      return
    }
    const parcel = this.#unanswered.get(number)
    if (parcel === undefined) throw new Error(`the server answered frame ${number}, which waits for no answer`)
    this.#unanswered.delete(number)
    this.#cancelTimeout?.()
    this.#cancelTimeout = undefined
    // omrelp drops what gets another answer.
    this.#carrier.settle(parcel, accepted ? 'accepted' : 'rejected')
  }

  /** The clock runs only while the window is full. Each answer stops it. */
  #watch (): void {
    this.#cancelTimeout ??= this.#carrier.later(TIMEOUT_MS, () => {
      this.#carrier.fail(new Error(`no answer for ${TIMEOUT_MS / 1000} s with a full window`))
    })
  }

  #nextNumber (): number {
    this.#number = this.#number === MOST_NUMBER ? 1 : this.#number + 1
    return this.#number
  }
}
