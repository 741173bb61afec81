import type { Check } from '../../worker/messages/tasks.ts'

/** A box of the page's picture. */
export type Stage = 'bus' | 'credit' | 'batch' | 'workers' | 'shards' | 'loki'

/** `good`: nothing to do. `busy`: at a limit, but nothing is lost. `bad`: an operator has to act. */
export type Level = 'good' | 'busy' | 'bad'

export interface Verdict {
  kind: 'bus_down' | 'blocked' | 'loki_down' | 'loki_limits' | 'main_thread' | 'workers' | 'loki_slow' | 'budget' | 'keeping_up' | 'quiet'
  /** Undefined where nothing holds the records up. */
  stage?: Stage
  level: Level
  title: string
  advice: string
}

/** What findBottleneck decides by: measured over the last few seconds. */
export interface Signals {
  /** Undefined where Lokean reads only from a socket. */
  bus?: Check
  loki: Check
  /** Messages a second. */
  arriving: number
  /** Bytes taken from the bus and not settled. */
  inflight: number
  /** The used share of a budget, 0 to 1, of the address that has used the most. */
  fill: number
  /** Shares of the time, 0 to 1. */
  mainThreadBusy: number
  workersBusy: number
  /** Bytes that wait for a push, or are in one. */
  pushing: number
  /** Shards that wait until an operator helps. */
  blocked: number
  /** Pushes that Loki answered with 429, a second. */
  limited: number
}

/** The main thread counts as always busy from this share of its time on: the rest goes to switching between tasks. */
export const BUSY = 0.9
/** The same for workers. Their time between two tasks does not count, so that workers at full load have 80 to 92 %. */
export const WORKERS_BUSY = 0.75
/** A budget that is so full gives credit only in small steps, and so holds the bus back. */
export const FULL = 0.75

/**
 * Finds what sets the pace. The first of these that applies:
 *
 * 1. The bus is not there, a condition that only an operator can end holds records, or Loki is not there.
 * 2. Nothing arrives, and nothing is in flight.
 * 3. Loki limits a tenant: its answers say so.
 * 4. The main thread is always busy, or else the workers: more workers are of no use to a busy main thread. A stage has
 *    nothing to do while a later one is slower, because the budget is full and gives no credit. So a busy stage is the
 *    slowest one.
 * 5. The budget is full although no thread is busy: Loki answers slowly. Where nothing waits for Loki, the budget is
 *    too small for the size of the messages.
 * 6. Else all records are stored at once, and the senders set the pace.
 */
export function findBottleneck (signals: Signals): Verdict {
  const { bus, loki, arriving, inflight, fill, mainThreadBusy, workersBusy, pushing, blocked, limited } = signals
  if (bus?.ok === false) return { kind: 'bus_down', stage: 'bus', level: 'bad', title: 'The bus is not there', advice: bus.detail }
  if (blocked > 0) {
    const advice = [loki.detail, ...loki.mend === undefined ? [] : [`To mend: ${loki.mend}`], 'Nothing that is held is lost.']
    return { kind: 'blocked', stage: 'loki', level: 'bad', title: 'A condition holds records', advice: advice.join('. ') }
  }
  if (!loki.ok) {
    return {
      kind: 'loki_down', stage: 'loki', level: 'bad', title: 'Loki takes nothing', advice: `${loki.detail}. Records are held; none is lost.`
    }
  }
  if (arriving === 0 && inflight === 0) return { kind: 'quiet', level: 'good', title: 'All quiet', advice: 'Nothing comes from the bus, and everything that came is stored.' }
  if (limited > 0) return { kind: 'loki_limits', stage: 'loki', level: 'busy', title: 'Loki limits a tenant', advice: 'It answers 429: raise its ingestion limits, or send less. What waits is tried again.' }
  if (mainThreadBusy >= BUSY) return { kind: 'main_thread', stage: 'batch', level: 'busy', title: 'The main thread is busy all the time', advice: 'This instance takes no more: add another one on the same address.' }
  if (workersBusy >= WORKERS_BUSY) return { kind: 'workers', stage: 'workers', level: 'busy', title: 'All workers are busy', advice: 'Raise LOKEAN_WORKERS where there are cores left, or add an instance.' }
  if (fill >= FULL && pushing > 0) return { kind: 'loki_slow', stage: 'loki', level: 'busy', title: 'Waiting for Loki', advice: 'Its answers take long, so the budget is full and the bus is held back: scale Loki, or raise LOKEAN_SHARDS.' }
  if (fill >= FULL) return { kind: 'budget', stage: 'credit', level: 'busy', title: 'The budget is full', advice: 'Nobody has much to do, and there is no room: raise LOKEAN_INFLIGHT_BYTES for messages of this size.' }
  return { kind: 'keeping_up', level: 'good', title: 'Keeping up', advice: 'Whatever comes is stored at once: the senders set the pace.' }
}
