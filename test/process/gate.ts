import type { Fault } from '../../src/embedded/loki/push/fault.ts'

/** Intercepts the pushes of an embedded Loki. While the gate is shut, pushes get no answer. */
export class Gate {
  /** Pushes that came while the gate was shut. */
  held = 0
  #shut: { open (): void, opened: Promise<void> } | undefined
  #stored = false

  /** With `stored`, pushes are stored, but not answered. */
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
