/**
 * A thread of the races in active-streams.test.ts. It brings streams to the table in rounds, together with the other
 * threads, and reports each outcome.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { ActiveStreams, type Touch } from '../../../../src/worker/streams/active-streams.ts'

export interface Race {
  memory: SharedArrayBuffer
  /** This word counts the threads that have reached the end of a round. */
  start: SharedArrayBuffer
  thread: number
  rounds: number
  tenants: number
  /** New streams of each tenant in each round, the same in all threads. */
  perRound: number
  /** Whether each thread has streams of its own. */
  own?: boolean
  /** Whether threads do not wait for each other's rounds, and streams come again. */
  free?: boolean
}

export interface Raced { touches: Touch[] }

const THREADS = 4
const { memory, start, thread, rounds, tenants, perRound, own = false, free = false } = workerData as Race
const streams = new ActiveStreams(memory)
const finished = new Int32Array(start)
const touches: Touch[] = []

for (let round = 0; round < rounds; round++) {
  if (!free) meet((round + 1) * THREADS)
  for (let i = 0; i < perRound; i++) {
    for (let tenant = 0; tenant < tenants; tenant++) {
      const number = free ? (round * (thread + 7) + i) % 300 : round * perRound + i
      touches.push(streams.touch(`t${tenant}`, Buffer.from(`{host="${number}"${own ? `, thread="${thread}"` : ''}}`)))
    }
  }
}
parentPort?.postMessage({ touches } satisfies Raced)

/**
 * Waits for the other threads. It spins at first, so that parallel threads continue at the same moment. Then it waits
 * without using a core.
 */
function meet (all: number): void {
  let here = Atomics.add(finished, 0, 1) + 1
  Atomics.notify(finished, 0)
  for (let turns = 0; here < all; here = Atomics.load(finished, 0)) if (++turns > 2000) Atomics.wait(finished, 0, here)
}
