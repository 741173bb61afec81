import type { EmbeddedBus } from '../../src/embedded/bus/bus.ts'
import type { LoadCounts } from '../../src/generator/load.ts'
import type { Program } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { RECORDS_PER_MESSAGE, type SiteLoad } from './site-load.ts'
import type { Wire } from './wire.ts'

/** How the records come from the senders to the programs. */
export interface Way {
  /** Where the senders send to. */
  readonly url: string
  /** Tells a program where they come from. */
  readonly env: Readonly<Record<string, string>>
  started (program: Program): void
  /** Records whose messages are settled. */
  settled (): number
  until (condition: () => boolean): Promise<void>
}

export function overBus (bus: EmbeddedBus, wire: Wire, addresses: readonly string[], load: SiteLoad): Way {
  const { recordsPerMessage = RECORDS_PER_MESSAGE } = load
  return {
    url: bus.url,
    env: { LOKEAN_AMQP_URL: `amqp://127.0.0.1:${wire.port}`, LOKEAN_AMQP_ADDRESSES: addresses.join(',') },
    started: () => {},
    settled: () => recordsPerMessage * addresses.reduce((sum, address) => sum + (bus.stats()[address]?.accepted ?? 0), 0),
    until: async condition => { await bus.until(condition) }
  }
}

const LISTENING = 'listening for senders: each record is acknowledged when it is stored'
/** A scenario has its own limit. */
const PATIENCE_MS = 240_000

/** Without a bus, to the program that was started last. The senders tell a few times a second what is settled. */
export class ByRelp implements Way {
  readonly env: Readonly<Record<string, string>>
  readonly url: string
  readonly settled: () => number
  /** Where that program listens; 0 where it does not yet. */
  port = 0

  constructor (wire: Wire, counts: () => Readonly<LoadCounts>, tls = false) {
    const scheme = tls ? 'relps' : 'relp'
    this.env = { LOKEAN_LISTEN: `${scheme}://127.0.0.1:0` }
    this.url = `${scheme}://127.0.0.1:${wire.port}`
    this.settled = () => counts().accepted
  }

  started (program: Program): void {
    this.port = 0
    // A program that ends before it listens fails the scenario by itself.
    program.logged(LISTENING).then(({ port }) => { this.port = Number(port) }, () => {})
  }

  async until (condition: () => boolean): Promise<void> {
    await until('so much is settled', condition, PATIENCE_MS)
  }
}
