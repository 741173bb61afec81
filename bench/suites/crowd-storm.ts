import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { beside, Child } from '../harness/child.ts'
import type { Certificate } from '../harness/inputs/certificate.ts'
import { LokeanReceiver } from '../harness/inputs/lokean-receiver.ts'
import type { StreamLoadMethods } from '../harness/inputs/stream-load.process.ts'
import type { StormResult } from '../outcome/results.ts'

/** What all senders log together: the rate of an ordinary day. */
const RECORDS_PER_SECOND = 2_500
const POLL_MS = 50
/** Records a second of all senders, while the memory of their connections is measured. */
const NEXT_TO_NOTHING = 1
/** Behind the last handshake, its memory goes back. */
const CALM_MS = 5_000
/** A longer wait would be a defect, not a figure. */
const GIVE_UP_MS = 300_000
const PAGE_KIB = 4

interface Watched { seconds: number, peakMb: number, peakKernelKib: number }
type StreamLoad = Child<StreamLoadMethods>
type Measure<T> = (receiver: LokeanReceiver, load: StreamLoad, connections: number, certificate: Certificate | undefined) => Promise<T>

/**
 * Senders over TLS that log all the time. Lokean stops and starts again, and all come back at once, as soon as it
 * listens. What a connection takes is measured before, while they say nothing.
 */
export async function measureStorm (connections: number, certificate: Certificate | undefined): Promise<StormResult> {
  const run = async <T>(measure: Measure<T>): Promise<T> => {
    const receiver = await LokeanReceiver.start({ way: 'relps', certificate })
    const load: StreamLoad = new Child('load', beside('../harness/inputs/stream-load.process', import.meta.url))
    try {
      return await Promise.race([measure(receiver, load, connections, certificate), load.failed])
    } finally {
      await load.close()
      await receiver.close()
    }
  }
  return { connections, kibPerConnection: await run(measureMemory), ...await run(measureReturn) }
}

async function measureMemory (
  receiver: LokeanReceiver, load: StreamLoad, connections: number, certificate: Certificate | undefined
): Promise<number | null> {
  const emptyMb = receiver.memory()?.nowMb ?? NaN
  await load.call('start', { url: receiver.url, connections, form: 'json', rate: NEXT_TO_NOTHING, ca: certificate?.ca })
  while (await receiver.connections() < connections) await Promise.race([pause(POLL_MS), receiver.failed])
  await pause(CALM_MS)
  return known(((receiver.memory()?.nowMb ?? NaN) - emptyMb) * 1024 / connections)
}

async function measureReturn (
  receiver: LokeanReceiver, load: StreamLoad, connections: number, certificate: Certificate | undefined
): Promise<Omit<StormResult, 'connections' | 'kibPerConnection'>> {
  const kernelBefore = kernelKib()
  await load.call('start', {
    url: receiver.url, connections, form: 'json', rate: RECORDS_PER_SECOND, ca: certificate?.ca, timed: true
  })
  await untilAnswered(receiver, load)
  await receiver.restart()
  await load.call('mark')
  await load.call('times')
  const { seconds, peakMb, peakKernelKib } = await untilAnswered(receiver, load)
  const slowestMs = (await load.call('times'))?.max ?? NaN
  const { sent } = await load.call('stop')
  const { missing, doubled } = await receiver.reconcile(sent)
  return {
    seconds,
    slowestMs,
    peakMb: known(peakMb),
    kernelKibPerConnection: known((peakKernelKib - kernelBefore) / connections),
    missing,
    doubled
  }
}

/** Resolves when each connection has had an answer since the last mark. */
async function untilAnswered (receiver: LokeanReceiver, load: Child<StreamLoadMethods>): Promise<Watched> {
  const began = performance.now()
  const watched = { seconds: 0, peakMb: 0, peakKernelKib: 0 }
  while (await load.call('unanswered') > 0) {
    if (performance.now() - began > GIVE_UP_MS) throw new Error(`not all senders were answered within ${GIVE_UP_MS / 1000} s`)
    watched.peakMb = Math.max(watched.peakMb, receiver.memory()?.nowMb ?? NaN)
    watched.peakKernelKib = Math.max(watched.peakKernelKib, kernelKib())
    await Promise.race([pause(POLL_MS), receiver.failed])
  }
  return { ...watched, seconds: (performance.now() - began) / 1000 }
}

/** What the kernel holds of TCP, at both ends of all connections of the machine; NaN where it does not say. */
function kernelKib (): number {
  try {
    return Number(/^TCP: .*\bmem (\d+)$/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1]) * PAGE_KIB
  } catch {
    return NaN
  }
}

function known (value: number): number | null {
  return Number.isNaN(value) ? null : value
}
