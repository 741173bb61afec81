import type { Fault } from '../../src/embedded/loki/push/fault.ts'

/** In front of an embedded Loki (its `intercept`): while it is shut, pushes get no answer. */
export class Gate {
  /** Pushes that met it shut. */
  held = 0
  #shut: { open (): void, opened: Promise<void> } | undefined
  #stored = false

  /** With `stored`, what is pushed is stored all the same: only the answer is missing. */
  shut ({ stored = false } = {}): void {
    this.#stored = stored
    if (this.#shut !== undefined) return
    let open = (): void => {}
    const opened = new Promise<void>(resolve => { open = resolve })
    this.#shut = { open, opened }
  }

  open (): void {
    this.#shut?.open()
    this.#shut = undefined
  }

  readonly intercept = (): Fault | undefined => {
    if (this.#shut === undefined) return undefined
    this.held++
    return { kind: 'hang', release: this.#shut.opened, stored: this.#stored }
  }
}
