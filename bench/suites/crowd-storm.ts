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
/** Behind the last answer, the memory of the handshakes goes back. */
const CALM_MS = 5_000
/** A longer wait would be a defect, not a figure. */
const GIVE_UP_MS = 300_000
const PAGE_KIB = 4

interface Watched { seconds: number, peakMb: number, peakKernelKib: number }

/**
 * Senders over TLS that log all the time. Lokean stops and starts again, and all come back at once, as soon as it
 * listens.
 */
export async function measureStorm (connections: number, certificate: Certificate | undefined): Promise<StormResult> {
  const receiver = await LokeanReceiver.start({ way: 'relps', certificate })
  const load = new Child<StreamLoadMethods>('load', beside('../harness/inputs/stream-load.process', import.meta.url))
  try {
    return await Promise.race([load.failed, measure(receiver, load, connections, certificate)])
  } finally {
    await load.close()
    await receiver.close()
  }
}

async function measure (
  receiver: LokeanReceiver, load: Child<StreamLoadMethods>, connections: number, certificate: Certificate | undefined
): Promise<StormResult> {
  const kernelBefore = kernelKib()
  await load.call('start', {
    url: receiver.url, connections, form: 'json', rate: RECORDS_PER_SECOND, ca: certificate?.ca, timed: true
  })
  await untilAnswered(receiver, load)
  await load.call('times')
  await receiver.restart()
  const emptyMb = receiver.memory()?.nowMb ?? NaN
  await load.call('mark')
  await load.call('times')
  const { seconds, peakMb, peakKernelKib } = await untilAnswered(receiver, load)
  await pause(CALM_MS)
  const slowestMs = (await load.call('times'))?.max ?? NaN
  const calmMb = receiver.memory()?.nowMb ?? NaN
  const { sent } = await load.call('stop')
  const { missing, doubled } = await receiver.reconcile(sent)
  const each = (kib: number): number | null => Number.isNaN(kib) ? null : kib / connections
  return {
    connections,
    seconds,
    slowestMs,
    kibPerConnection: each((calmMb - emptyMb) * 1024),
    peakKibPerConnection: each((peakMb - emptyMb) * 1024),
    kernelKibPerConnection: each(peakKernelKib - kernelBefore),
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
