import type { EmbeddedBus } from '../../src/embedded/bus/bus.ts'
import type { Wire } from '../faults/wire.ts'
import type { Draw, Fault } from './fault-injection.ts'

const LASTS = [50, 5_000] as const
/** A peer gives a connection up after 16 s, twice the time that the bus announces. A hang may be longer. */
const HANGS = [200, 20_000] as const
/** The largest frame of the bus. */
const FRAME = 65_536

/** A bus that goes wrong, and the programs' wire to it. The senders have no wire. */
export function busFaults (bus: EmbeddedBus, wire: Wire): Fault[] {
  return [
    {
      kind: 'bus connection cut inside a frame',
      run: async draw => { await Promise.race([wire.cut({ intoFrame: Math.floor(draw.spread(1, FRAME)) }), draw.last(5_000)]) }
    },
    {
      kind: 'bus connection cut between frames', run: async draw => { await Promise.race([wire.cut({ intoFrame: 0 }), draw.last(5_000)]) }
    },
    { kind: 'bus connections dropped', run: async () => wire.drop() },
    { kind: 'bus senders dropped', run: async draw => { bus.dropConnections(() => draw.chance(0.5)) } },
    {
      kind: 'bus cannot be reached',
      run: async draw => {
        wire.down()
        await draw.last(draw.spread(...LASTS))
        await wire.up()
      }
    },
    {
      kind: 'bus restarts',
      run: async draw => {
        await bus.stop()
        await draw.last(draw.spread(...LASTS))
        await bus.start()
      }
    },
    {
      kind: 'bus hangs',
      run: async draw => {
        bus.stall()
        await draw.last(draw.spread(...HANGS))
        bus.resume()
      }
    }
  ] satisfies Array<{ kind: string, run: (draw: Draw) => Promise<void> }>
}
