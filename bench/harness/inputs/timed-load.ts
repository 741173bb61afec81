import { type Fate, Load, type Parcel } from '../../../src/generator/load.ts'
import { TimesRecorder } from '../load/times.ts'

/** A load that tells how long its messages wait for an answer, from the moment that a connection takes them. */
export class TimedLoad extends Load {
  readonly times = new TimesRecorder()
  readonly #takenAt = new Map<Parcel, number>()

  override next (address: number): ReturnType<Load['next']> {
    const next = super.next(address)
    if (typeof next === 'object') this.#takenAt.set(next, performance.now())
    return next
  }

  override settle (parcel: Parcel, fate: Fate): boolean {
    this.times.record(performance.now() - (this.#takenAt.get(parcel) ?? NaN))
    this.#takenAt.delete(parcel)
    return super.settle(parcel, fate)
  }
}
