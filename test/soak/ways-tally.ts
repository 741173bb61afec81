import type { StoredStream } from '../../src/embedded/loki/store/stored-stream.ts'
import { RecordTally, type Tallied } from './record-tally.ts'

const NAME = 'way'
const RELP = 'relp'
/** The listeners give this label to what comes by RELP. */
export const RELP_LABEL = `${NAME}=${RELP}`

/**
 * Tallies what came over the bus and what came by RELP, each with numbers of its own. Of RELP, a record that came again
 * and was not recognised is another one for the program: where both are in one batch, their times differ, as those of
 * two true records would. So such an entry counts as stored twice.
 */
export class WaysTally {
  readonly #bus = new RecordTally()
  readonly #relp = new RecordTally()

  /** A callback for the store's `onStored`. */
  readonly add = (stream: StoredStream, ...entry: [hash: number, buf: Buffer, lineStart: number, lineEnd: number]): void => {
    const isRelp = stream.labels.some(({ name, value }) => name === NAME && value === RELP)
    ;(isRelp ? this.#relp : this.#bus).add(stream, ...entry)
  }

  result (sentToBus: number, sentByRelp: number): Tallied {
    const [bus, relp] = [this.#bus.result(sentToBus), this.#relp.result(sentByRelp)]
    return {
      stored: bus.stored + relp.stored,
      missing: bus.missing + relp.missing,
      doubled: bus.doubled,
      storedTwice: bus.storedTwice + relp.storedTwice + relp.doubled,
      quarantined: bus.quarantined + relp.quarantined,
      other: bus.other + relp.other
    }
  }
}
