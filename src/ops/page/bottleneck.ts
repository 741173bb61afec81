import type { Check } from '../../worker/messages.ts'

/** Where in the picture. */
export type Stage = 'bus' | 'credit' | 'batch' | 'workers' | 'shards' | 'loki'

/** `good`: nothing to do; `busy`: at a limit, and nothing is lost by it; `bad`: somebody has to mend something. */
export type Level = 'good' | 'busy' | 'bad'

export interface Verdict {
  kind: 'bus_down' | 'loki_down' | 'loki_limits' | 'main_thread' | 'workers' | 'loki_slow' | 'budget' | 'keeping_up' | 'quiet'
  /** None where nothing holds anything up. */
  stage?: Stage
  level: Level
  title: string
  advice: string
}

/** What of the last few seconds it takes to tell. */
export interface Signals {
  /** Undefined where Lokean listens on a socket alone. */
  bus?: Check
  loki: Check
  /** Messages a second. */
  arriving: number
  /** Bytes taken from the bus and not settled. */
  inflight: number
  /** Of the address that has the least room left: the share of its budget that is taken, 0 to 1. */
  fill: number
  /** Shares of the time, 0 to 1. */
  mainThreadBusy: number
  workersBusy: number
  /** Bytes that wait for a push, or are in one. */
  pushing: number
  /** Pushes that Loki answered with 429, a second. */
  limited: number
}

/** So busy is as good as always: what is left goes to taking turns. */
export const BUSY = 0.9
/** The same for worker threads, whose time between two tasks does not count: flat out they come to 80 to 92 %. */
export const WORKERS_BUSY = 0.75
/** A budget that is so full gives credit in small steps only: the bus is held back. */
export const FULL = 0.75

/**
 * What sets the pace, by exclusion, downwards from what makes all else pointless:
 *
 * 1. a neighbour that is not there: nothing can flow;
 * 2. nothing comes and nothing is here;
 * 3. Loki limits a tenant: it says so itself;
 * 4. a thread that is always at work. The main thread before the workers: as long as it has no time, more of them are of no use. Each of them
 *    starves while what comes after it is slower (the budget runs full, and no credit is given), so a busy one is the slowest;
 * 5. the budget is full although all threads have time: it lies with Loki's answers; or, where nothing waits for Loki, the budget is too
 *    small for the messages that come;
 * 6. else whatever comes is stored at once, and the senders set the pace.
 */
export function findBottleneck (signals: Signals): Verdict {
  const { bus, loki, arriving, inflight, fill, mainThreadBusy, workersBusy, pushing, limited } = signals
  if (bus?.ok === false) return { kind: 'bus_down', stage: 'bus', level: 'bad', title: 'The bus is not there', advice: bus.detail }
  if (!loki.ok) return { kind: 'loki_down', stage: 'loki', level: 'bad', title: 'Loki takes nothing', advice: `${loki.detail}. Records are held; none is lost.` }
  if (arriving === 0 && inflight === 0) return { kind: 'quiet', level: 'good', title: 'All quiet', advice: 'Nothing comes from the bus, and everything that came is stored.' }
  if (limited > 0) return { kind: 'loki_limits', stage: 'loki', level: 'busy', title: 'Loki limits a tenant', advice: 'It answers 429: raise its ingestion limits, or send less. What waits is tried again.' }
  if (mainThreadBusy >= BUSY) return { kind: 'main_thread', stage: 'batch', level: 'busy', title: 'The main thread is busy all the time', advice: 'This instance takes no more: add another one on the same address.' }
  if (workersBusy >= WORKERS_BUSY) return { kind: 'workers', stage: 'workers', level: 'busy', title: 'All workers are busy', advice: 'Raise LOKEAN_WORKERS where there are cores left, or add an instance.' }
  if (fill >= FULL && pushing > 0) return { kind: 'loki_slow', stage: 'loki', level: 'busy', title: 'Waiting for Loki', advice: 'Its answers take long, so the budget is full and the bus is held back: scale Loki, or raise LOKEAN_SHARDS.' }
  if (fill >= FULL) return { kind: 'budget', stage: 'credit', level: 'busy', title: 'The budget is full', advice: 'Nobody has much to do, and there is no room: raise LOKEAN_INFLIGHT_BYTES for messages of this size.' }
  return { kind: 'keeping_up', level: 'good', title: 'Keeping up', advice: 'Whatever comes is stored at once: the senders set the pace.' }
}
