import type { Wire } from '../faults/wire.ts'
import type { Fault } from './fault-injection.ts'

const LASTS = [50, 5_000] as const
/** A cut comes within so many bytes: frames are shorter by far. */
const MOST_BYTES = 65_536

/** The senders' wire to the programs that listen for them. */
export function relpFaults (wire: Wire): Fault[] {
  return [
    { kind: 'RELP connections dropped', run: async () => wire.drop() },
    {
      kind: 'RELP connection cut anywhere',
      run: async draw => { await Promise.race([wire.cutSent(Math.floor(draw.spread(1, MOST_BYTES))), draw.last(5_000)]) }
    },
    {
      kind: 'nobody can be reached by RELP',
      run: async draw => {
        wire.down()
        await draw.last(draw.spread(...LASTS))
        await wire.up()
      }
    }
  ]
}
