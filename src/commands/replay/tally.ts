import type { QuarantineReason } from '../../worker/messages/reasons.ts'
import type { Unreadable } from './dead-letters.ts'
import type { FoundEntry } from './found-entry.ts'
import type { Outcome } from './outcomes.ts'
import type { Unfit } from './rebuild.ts'

/** Why an entry stays where it is. */
export type LeftReason = Unfit | QuarantineReason | 'unreadable'

/** An entry that is not replayed, or a line that is none. `detail`: what Loki answered, or where the line stands. */
export interface Left extends Partial<FoundEntry> { reason: LeftReason, line: string, detail?: string | undefined }

const SAMPLES = 3
const SAMPLE_CHARACTERS = 300

/** Counts what becomes of all that is found, and keeps samples of what is left. */
export class Tally {
  /** Records, found or not replayable, that are not marked. */
  found = 0
  /** Records that an earlier run has replayed. */
  marked = 0
  replayed = 0
  /** Records of replayed messages that are in quarantine again. */
  readonly again = new Map<QuarantineReason, number>()
  readonly left = new Map<LeftReason, { count: number, samples: Left[] }>()
  readonly #onLeft: (left: Left) => void

  constructor (onLeft: (left: Left) => void = () => {}) {
    this.#onLeft = onLeft
  }

  get leftTotal (): number {
    return [...this.left.values()].reduce((sum, { count }) => sum + count, 0)
  }

  /** Whether all that was found is replayed. */
  get complete (): boolean {
    return this.left.size === 0 && this.again.size === 0
  }

  leave (entry: FoundEntry, reason: LeftReason, detail?: string): void {
    this.#leave({ reason, ...entry, detail })
  }

  unreadable ({ line, place }: Unreadable): void {
    this.#leave({ reason: 'unreadable', line, detail: place })
  }

  settled (entry: FoundEntry, outcome: Outcome): void {
    if (outcome.kind === 'left') return this.leave(entry, outcome.reason, outcome.detail)
    this.replayed++
    for (const [reason, count] of outcome.again) this.again.set(reason, (this.again.get(reason) ?? 0) + count)
  }

  #leave (left: Left): void {
    this.#onLeft(left)
    const known = this.left.get(left.reason) ?? { count: 0, samples: [] }
    this.left.set(left.reason, known)
    known.count++
    if (known.samples.length < SAMPLES) known.samples.push({ ...left, line: left.line.slice(0, SAMPLE_CHARACTERS) })
  }
}
