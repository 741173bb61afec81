import { setTimeout as pause } from 'node:timers/promises'
import type { Fault as PushFault, Intercept } from '../../src/embedded/loki/push/fault.ts'
import type { Wire } from '../faults/wire.ts'
import type { Draw, Fault } from './fault-injection.ts'

/** The program's timeout for an answer. It is shorter than the default, so that many timeouts fit into a soak. */
export const PUSH_TIMEOUT_MS = 2_000

const LASTS = [200, 10_000] as const
const STATUSES = [429, 500, 502, 503, 504] as const
const CLOSES = ['before-store', 'after-store', 'mid-response'] as const

/** A Loki that goes wrong: its present treatment of pushes, and the wire to it. */
export class LokiFaults {
  readonly faults: readonly Fault[]
  readonly #wire: Wire
  /** Chooses a fault for each push; undefined lets all through. */
  #mood: (() => PushFault | undefined) | undefined

  constructor (wire: Wire) {
    this.#wire = wire
    this.faults = [
      { kind: 'Loki answers errors', run: async draw => await this.#share(draw, () => refusal(draw)) },
      { kind: 'Loki closes connections', run: async draw => await this.#share(draw, () => ({ kind: 'close', when: draw.pick(CLOSES) })) },
      {
        kind: 'Loki answers too late',
        run: async draw => await this.#share(draw, () => late(draw.spread(PUSH_TIMEOUT_MS * 1.2, PUSH_TIMEOUT_MS * 3), draw.chance(0.5)))
      },
      { kind: 'Loki is slow', run: async draw => await this.#share(draw, () => late(draw.spread(10, PUSH_TIMEOUT_MS / 2), false), 1) },
      { kind: 'Loki is down', run: async draw => await this.#down(draw) },
      { kind: 'Loki loses its connections', run: async () => this.#wire.drop() }
    ]
  }

  /** The `intercept` of the embedded Loki. */
  readonly intercept: Intercept = () => this.#mood?.()

  /** Strikes a part of the pushes for a while. */
  async #share (draw: Draw, happen: () => PushFault, share = draw.spread(0.05, 0.9)): Promise<void> {
    this.#mood = () => draw.chance(share) ? happen() : undefined
    await draw.last(draw.spread(...LASTS))
    this.#mood = undefined
  }

  async #down (draw: Draw): Promise<void> {
    this.#wire.down()
    await draw.last(draw.spread(...LASTS))
    await this.#wire.up()
  }
}

/** Draws a refusal, with or without Retry-After. A server error may come although the push is stored. */
function refusal (draw: Draw): PushFault {
  const status = draw.pick(STATUSES)
  const headers: Record<string, string> = draw.chance(0.3) ? { 'retry-after': String(draw.below(3)) } : {}
  return { kind: 'answer', status, headers, stored: status !== 429 && draw.chance(0.3) }
}

function late (ms: number, stored: boolean): PushFault {
  return { kind: 'hang', release: pause(ms, undefined, { ref: false }), stored }
}
