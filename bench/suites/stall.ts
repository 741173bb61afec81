import { rateBetween, type Rig, startRig } from '../harness/rig.ts'
import type { LoadCounts } from '../harness/load/load.process.ts'
import type { StallResult, SuiteOptions } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'

const FULL = { repeats: 3, warmUpMs: 3000, beforeMs: 4000, stallMs: 30_000, recordsPerMessage: 100 }
const QUICK = { ...FULL, repeats: 1, warmUpMs: 1000, beforeMs: 1000, stallMs: 2000 }
const SAMPLE_MS = 200
/**
 * The rate is regained when the median of so many samples in a row reaches this part of the earlier rate. A single
 * sample would not do: when the sink returns, the program's backlog is accepted all at once.
 */
const REGAINED_SAMPLES = 5
const REGAINED_SHARE = 0.9
/** A longer wait would be a defect, not a figure. */
const GIVE_UP_MS = 60_000
/** A stall this long leaves time to decode the earlier pushes, so that the sink need not hold them. */
const DIGEST_MS = 10_000

type Samples = NonNullable<StallResult['samples']>

/**
 * Stops the sink's answers for a while under full load. Measures the memory and the time that this costs, and checks
 * that no record is lost.
 */
export async function stall ({ quick, progress }: SuiteOptions): Promise<StallResult> {
  const times = quick ? QUICK : FULL
  const repeats: StallResult[] = []
  for (let number = 1; number <= times.repeats; number++) {
    progress(`stall of ${times.stallMs / 1000} s, repeat ${number} of ${times.repeats}`)
    repeats.push(await repeat(times))
  }
  const spread = {
    recordsPerSecond: spreadOf(repeats.map(one => one.recordsPerSecond)),
    peakRssMb: spreadOf(repeats.map(one => one.peakRssMb)),
    regainedSeconds: spreadOf(repeats.map(one => one.regainedSeconds))
  }
  return {
    seconds: times.stallMs / 1000,
    recordsPerSecond: spread.recordsPerSecond.median,
    peakRssMb: spread.peakRssMb.median,
    regainedSeconds: spread.regainedSeconds.median,
    missing: repeats.reduce((sum, { missing }) => sum + missing, 0),
    doubled: repeats.reduce((sum, { doubled }) => sum + doubled, 0),
    spread,
    samples: repeats[repeats.length - 1].samples
  }
}

/**
 * Uses the default settings except for the addresses. Bus and sink are the bench's own, because no other store stalls
 * on request.
 */
async function repeat ({ warmUpMs, beforeMs, stallMs, recordsPerMessage }: typeof FULL): Promise<StallResult> {
  const rig = await startRig({ recordsPerMessage, own: true })
  try {
    if (rig.sink === undefined) throw new Error('a stall needs the sink of the bench')
    await rig.load.start()
    await rig.warmUp(warmUpMs)
    const from = await rig.load.counts()
    await rig.run(beforeMs)
    const to = await rig.load.counts()
    const rate = rateBetween(from, to)

    const sampler = new Sampler(rig, to)
    await rig.sink.stall()
    const [samples] = await Promise.all([sampler.until(stallMs), stallMs >= DIGEST_MS ? rig.sink.digest() : undefined])
    await rig.sink.resume()
    const resumed = (await rig.load.counts()).at
    const stalled = samples.length
    while (!regained(samples.slice(stalled), rate)) {
      if (samples.length - stalled > GIVE_UP_MS / SAMPLE_MS) throw new Error(`the rate of ${Math.round(rate)} records/s was not regained within ${GIVE_UP_MS / 1000} s`)
      await sampler.next()
    }
    const peakRssMb = rig.program.memory()?.peakMb ?? Math.max(...samples.map(({ rssMb }) => rssMb ?? NaN))
    const { sent } = await rig.load.stop()
    const { missing, doubled } = await rig.reconcile(sent)
    const regainedSeconds = samples[samples.length - REGAINED_SAMPLES].seconds - (resumed - to.at) / 1000
    return { seconds: stallMs / 1000, recordsPerSecond: rate, peakRssMb, regainedSeconds, missing, doubled, samples }
  } finally {
    await rig.close()
  }
}

/** Measures how many records were settled since the last sample, and the size of the program. */
class Sampler {
  readonly samples: Samples = []
  readonly #rig: Rig
  readonly #began: number
  #last: LoadCounts

  constructor (rig: Rig, began: LoadCounts) {
    this.#rig = rig
    this.#last = began
    this.#began = began.at
  }

  async next (): Promise<void> {
    await this.#rig.run(SAMPLE_MS)
    const counts = await this.#rig.load.counts()
    this.samples.push({
      seconds: (counts.at - this.#began) / 1000,
      recordsPerSecond: rateBetween(this.#last, counts),
      rssMb: this.#rig.program.memory()?.nowMb ?? null
    })
    this.#last = counts
  }

  /** Samples until so many milliseconds after its start. */
  async until (ms: number): Promise<Samples> {
    while (this.samples.length === 0 || this.samples[this.samples.length - 1].seconds * 1000 < ms) await this.next()
    return this.samples
  }
}

function regained (samples: Samples, rate: number): boolean {
  const last = samples.slice(-REGAINED_SAMPLES).map(({ recordsPerSecond }) => recordsPerSecond)
  return last.length === REGAINED_SAMPLES && spreadOf(last).median >= rate * REGAINED_SHARE
}
