/** sysexits.h: an error within the program itself. */
export const EX_SOFTWARE = 70

/** The process ends after this time, even if the handler of the fault has not finished. */
const TIMEOUT_MS = 5_000

/** Logs the fault, and closes what must be closed in order. */
export type FaultHandler = (fault: unknown) => void | Promise<void>

/**
 * Ends the process after an unexpected fault: an error that nothing caught, or a rejected promise that nothing handled.
 * The state of the process may be wrong then, so it must not go on.
 *
 *     watching --(a fault)--> ending --(handled, timeout, or a second fault)--> gone, exit code EX_SOFTWARE
 */
export class LastResort {
  #handle: FaultHandler
  readonly #exit: (code: number) => void
  readonly #timeoutMs: number
  #ending = false

  constructor (handle: FaultHandler, exit: (code: number) => void = process.exit, timeoutMs = TIMEOUT_MS) {
    this.#handle = handle
    this.#exit = exit
    this.#timeoutMs = timeoutMs
  }

  /** Replaces the handler. A command has a log and a bus, so it can do more than the first handler. */
  use (handle: FaultHandler): void {
    this.#handle = handle
  }

  watch (): void {
    process.on('uncaughtException', fault => { this.end(fault) })
    process.on('unhandledRejection', fault => { this.end(fault) })
  }

  end (fault: unknown): void {
    if (this.#ending) return this.#exit(EX_SOFTWARE)
    this.#ending = true
    setTimeout(() => this.#exit(EX_SOFTWARE), this.#timeoutMs)
    // In a promise chain, an error of the handler also ends in an exit.
    Promise.resolve(fault).then(this.#handle).then(() => this.#exit(EX_SOFTWARE), () => this.#exit(EX_SOFTWARE))
  }
}
