/** sysexits.h: an error within the program itself. */
export const EX_SOFTWARE = 70

/** What the report and the closing of the bus may take before the process ends all the same. */
const PATIENCE_MS = 5_000

/** Tells of the fault, and leaves in order what has to be left so. */
export type FaultHandler = (fault: unknown) => void | Promise<void>

/**
 * For a fault that nobody foresaw: an error that nothing caught, a promise whose failure nothing waited for. Nobody
 * knows what of the process is still sound then, so it ends.
 *
 *     watching --(a fault)--> ending --(handled, out of patience, or a second fault)--> gone, exit code EX_SOFTWARE
 */
export class LastResort {
  #handle: FaultHandler
  readonly #exit: (code: number) => void
  readonly #patienceMs: number
  #ending = false

  constructor (handle: FaultHandler, exit: (code: number) => void = process.exit, patienceMs = PATIENCE_MS) {
    this.#handle = handle
    this.#exit = exit
    this.#patienceMs = patienceMs
  }

  /** From here on `handle` is asked in the place of the one before: a command that has a log and a bus knows better. */
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
    setTimeout(() => this.#exit(EX_SOFTWARE), this.#patienceMs)
    // Called behind a promise, so that an error of its own is one of these too.
    Promise.resolve(fault).then(this.#handle).then(() => this.#exit(EX_SOFTWARE), () => this.#exit(EX_SOFTWARE))
  }
}
