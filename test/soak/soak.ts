import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import type { LoadCounts } from '../../src/generator/load.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Wire } from '../faults/wire.ts'
import { busFaults } from './bus-faults.ts'
import { Instances } from './instances.ts'
import { type BothWays, NO_COUNTS, sendBothWays, sumOf } from './load.ts'
import { LokiFaults, PUSH_TIMEOUT_MS } from './loki-faults.ts'
import type { MemoryTrend } from './memory-trend.ts'
import type { Tallied } from './record-tally.ts'
import { relpFaults } from './relp-faults.ts'
import { injectFaults } from './fault-injection.ts'
import { RELP_LABEL, WaysTally } from './ways-tally.ts'

export interface SoakOptions {
  forMs: number
  seed: number
  /** Records a second. */
  rate: number
  /** Ends the soak early, in order. */
  stopping: AbortSignal
  onProgress: (progress: SoakProgress) => void
}

export interface SoakProgress {
  counts: Readonly<LoadCounts>
  faults: ReadonlyMap<string, number>
  rssMb: readonly number[]
  ending: boolean
}

export interface SoakResult extends Tallied {
  seed: number
  seconds: number
  sent: number
  /** Records that came back to their senders and were sent again. */
  resent: number
  /** Records that the programs pushed again, but for what they did after the signal that ended them. */
  pushedAgain: number
  /** Entries that Loki got although it had them. It has not found all of them to be repeats (`storedTwice`). */
  cameAgain: number
  /** Records that were still not accepted after all faults had ended and the time was up. One of these is a failure. */
  unsettled: number
  rejected: number
  /** How often each fault struck. */
  faults: Record<string, number>
  programs: number
  /** The longest lives, the longest first. */
  memory: readonly MemoryTrend[]
  /** The size of the soak's own process: bus, senders and Loki. */
  ownRssMb: number
}

const INSTANCES = 3
/** What Loki compares with is far less; the tally knows the rest. */
const STORE_BYTES = 256 * 2 ** 20
const SAMPLE_MS = 1_000

/** Runs senders, bus and Loki in this process, three or at times four programs in theirs, and wires between them. */
export async function runSoak (options: SoakOptions): Promise<SoakResult> {
  const tally = new WaysTally()
  const lokiWire = await Wire.to(() => loki.port)
  const lokiFaults = new LokiFaults(lokiWire)
  const loki = await startLoki({
    limits: { rateBytes: Infinity, burstBytes: Infinity, streams: Infinity },
    maxBytes: STORE_BYTES,
    onStored: tally.add,
    intercept: lokiFaults.intercept
  })
  const bus = await startBus({ maxFrameSize: 65_536 })
  const busWire = await Wire.to(() => bus.port)
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  const instances = new Instances(INSTANCES, {
    PATH: process.env.PATH,
    LOKEAN_ADMIN_ADDR: '127.0.0.1:0',
    LOKEAN_AMQP_URL: `amqp://127.0.0.1:${busWire.port}`,
    LOKEAN_LISTEN: `relp://127.0.0.1:0;${RELP_LABEL}`,
    LOKEAN_LOKI_URL: `http://127.0.0.1:${lokiWire.port}`,
    LOKEAN_PUSH_TIMEOUT: `${PUSH_TIMEOUT_MS}ms`,
    LOKEAN_DRAIN_TIMEOUT: '10s',
    LOKEAN_WORKERS: '1'
  }, elapsed)
  const relpWire = await Wire.to(() => instances.nextPort())
  try {
    const parts = { bus, busWire, relpWire, instances, lokiFaults }
    const { ways, faults } = await Promise.race([underFaults(options, parts), instances.failed])
    const { sent, resent, unsettled, rejected } = sumOf([ways.bus, ways.relp])
    const tallied = tally.result(ways.bus.sent, ways.relp.sent)
    return {
      seed: options.seed,
      seconds: elapsed(),
      sent,
      ...tallied,
      resent,
      pushedAgain: instances.pushedAgain,
      cameAgain: loki.stats().duplicates + tallied.storedTwice,
      unsettled,
      rejected,
      faults: Object.fromEntries([...faults].sort()),
      programs: instances.started,
      memory: instances.trends(),
      ownRssMb: process.memoryUsage.rss() / 2 ** 20
    }
  } finally {
    await instances.kill()
    for (const wire of [busWire, relpWire, lokiWire]) wire.close()
    await Promise.all([bus.close(), loki.close()])
  }
}

interface Parts { bus: EmbeddedBus, busWire: Wire, relpWire: Wire, instances: Instances, lokiFaults: LokiFaults }

/**
 * Runs until the time is up or the signal comes. Then it mends the faults, waits until everything is settled, and stops
 * the programs.
 */
async function underFaults (
  { forMs, seed, rate, stopping, onProgress }: SoakOptions, { bus, busWire, relpWire, instances, lokiFaults }: Parts
): Promise<{ ways: BothWays, faults: Map<string, number> }> {
  await instances.start()
  const faults = new Map<string, number>()
  const calm = new AbortController()
  const ending = new AbortController()
  let counts = NO_COUNTS
  const load = sendBothWays({
    busUrl: bus.url,
    relpUrl: `relp://127.0.0.1:${relpWire.port}`,
    rate,
    seed,
    signal: ending.signal,
    onProgress: now => { counts = now }
  })
  load.catch(() => {}) // awaited below
  const sampler = setInterval(() => onProgress({ counts, faults, rssMb: instances.sample(), ending: calm.signal.aborted }), SAMPLE_MS)
  try {
    const onFault = (kind: string): void => { faults.set(kind, (faults.get(kind) ?? 0) + 1) }
    // Each part has a seed of its own; otherwise one part would change the draws of the others.
    const injectors = [lokiFaults.faults, busFaults(bus, busWire), instances.faults, relpFaults(relpWire)]
      .map(async (kinds, part) => await injectFaults(seed + part, kinds, calm.signal, onFault))
    const failing = Promise.all(injectors).then(async () => await new Promise<never>(() => {}))
    failing.catch(() => {}) // raced below
    await Promise.race([over(forMs, stopping), failing, load])
    calm.abort()
    await Promise.all(injectors)
    ending.abort()
    const ways = await load
    await instances.stop()
    return { ways, faults }
  } finally {
    clearInterval(sampler)
    calm.abort()
    ending.abort()
  }
}

async function over (ms: number, stopping: AbortSignal): Promise<void> {
  if (stopping.aborted) return
  const done = new AbortController()
  try {
    await Promise.race([pause(ms, undefined, { signal: done.signal }), once(stopping, 'abort', { signal: done.signal })])
  } finally {
    done.abort()
  }
}
