import { setTimeout as pause } from 'node:timers/promises'
import { beside, Child } from '../harness/child.ts'
import { LokeanReceiver } from '../harness/inputs/lokean-receiver.ts'
import type { StreamLoadMethods } from '../harness/inputs/stream-load.process.ts'
import type { NoisyResult } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'

const QUIET = 100
const RECORDS_PER_SECOND = 2_500
/** A window that keeps one sender at full rate: rsyslog's own is 128. */
const NOISY_WINDOW = 4_096
const WARM_UP_MS = 2_000
/** The quiet senders number their records from here. The noisy one does not send so many. */
const QUIET_FIRST = 2 ** 22

interface Plan { repeats: number, windowMs: number }
type StreamLoad = Child<StreamLoadMethods>

/** Quiet senders, each with a few records a second, with and without one beside them that sends as fast as it can. */
export async function measureNoisy ({ repeats, windowMs }: Plan, progress: (text: string) => void): Promise<NoisyResult> {
  const receiver = await LokeanReceiver.start({ way: 'relp', certificate: undefined })
  const quiet = startLoad()
  try {
    await quiet.call('start', {
      url: receiver.url, connections: QUIET, form: 'json', rate: RECORDS_PER_SECOND, first: QUIET_FIRST, timed: true
    })
    await pause(WARM_UP_MS)
    const [alone, beside, rates]: [number[], number[], number[]] = [[], [], []]
    let noisySent = 0
    for (let repeat = 1; repeat <= repeats; repeat++) {
      progress(`crowd: ${QUIET} quiet senders, and one at full rate, repeat ${repeat} of ${repeats}`)
      alone.push(await p99(quiet, windowMs))
      const noisy = startLoad()
      try {
        await noisy.call('start', { url: receiver.url, connections: 1, form: 'json', window: NOISY_WINDOW, first: noisySent })
        await pause(WARM_UP_MS)
        const from = await noisy.call('counts')
        beside.push(await Promise.race([p99(quiet, windowMs), quiet.failed, noisy.failed, receiver.failed]))
        const to = await noisy.call('counts')
        rates.push((to.settled - from.settled) / (to.at - from.at) * 1000)
        noisySent += (await noisy.call('stop')).sent
      } finally {
        await noisy.close()
      }
      await pause(WARM_UP_MS)
    }
    const { sent } = await quiet.call('stop')
    const { missing, doubled } = await receiver.reconcile(QUIET_FIRST + sent)
    const spread = {
      recordsPerSecond: spreadOf(rates),
      aloneP99Ms: spreadOf(alone),
      besideP99Ms: spreadOf(beside),
      ratio: spreadOf(beside.map((ms, i) => ms / alone[i]))
    }
    return {
      quiet: QUIET,
      recordsPerSecond: spread.recordsPerSecond.median,
      aloneP99Ms: spread.aloneP99Ms.median,
      besideP99Ms: spread.besideP99Ms.median,
      ratio: spread.ratio.median,
      spread,
      missing: missing - (QUIET_FIRST - noisySent),
      doubled
    }
  } finally {
    await quiet.close()
    await receiver.close()
  }
}

function startLoad (): StreamLoad {
  return new Child<StreamLoadMethods>('load', beside('../harness/inputs/stream-load.process', import.meta.url))
}

async function p99 (load: StreamLoad, windowMs: number): Promise<number> {
  await load.call('times')
  await pause(windowMs)
  return (await load.call('times'))?.p99 ?? NaN
}
