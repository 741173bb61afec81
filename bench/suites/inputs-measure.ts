import { setTimeout as pause } from 'node:timers/promises'
import { beside, Child } from '../harness/child.ts'
import type { Certificate } from '../harness/inputs/certificate.ts'
import { LokeanReceiver } from '../harness/inputs/lokean-receiver.ts'
import type { Fate, Receiver, Way } from '../harness/inputs/receiver.ts'
import { RsyslogReceiver } from '../harness/inputs/rsyslog-receiver.ts'
import type { StreamLoadMethods } from '../harness/inputs/stream-load.process.ts'
import { coresBetween, rateBetween, startRig } from '../harness/rig.ts'
import type { InputCase } from './inputs-cases.ts'

export interface InputTimes { warmUpMs: number, windowMs: number }

export interface InputMeasured extends Fate { recordsPerSecond: number, usPerRecord: number, cores: number }

/** The same records by a bus, which the bench plays: one connection, however many hosts. */
export async function measureBus ({ recordsPerMessage }: InputCase, { warmUpMs, windowMs }: InputTimes): Promise<InputMeasured> {
  const rig = await startRig({ recordsPerMessage, own: true, env: { LOKEAN_WORKERS: '1' } })
  try {
    await rig.load.start()
    await rig.warmUp(warmUpMs)
    const from = await rig.snapshot()
    await rig.run(windowMs)
    const to = await rig.snapshot()
    const { sent } = await rig.load.stop()
    const { missing, doubled } = await rig.reconcile(sent)
    const [recordsPerSecond, cores] = [rateBetween(from.load, to.load), coresBetween(from, to)]
    return { recordsPerSecond, cores, usPerRecord: cores / recordsPerSecond * 1e6, missing, doubled }
  } finally {
    await rig.close()
  }
}

/** Each connection is a host. Lokean and rsyslog get the same records from the same senders. */
export async function measureStream (
  one: InputCase, times: InputTimes, folder: string, certificate: Certificate | undefined
): Promise<InputMeasured> {
  const way = one.way as Way
  const Program = one.receiver === 'lokean' ? LokeanReceiver : RsyslogReceiver
  const receiver: Receiver = await Program.start({ way, folder, certificate })
  const load = new Child<StreamLoadMethods>('load', beside('../harness/inputs/stream-load.process', import.meta.url))
  try {
    return await Promise.race([receiver.failed, load.failed, measure(receiver, load, one, times, certificate)])
  } finally {
    await load.close()
    await receiver.close()
  }
}

async function measure (
  receiver: Receiver, load: Child<StreamLoadMethods>, one: InputCase, { warmUpMs, windowMs }: InputTimes,
  certificate: Certificate | undefined
): Promise<InputMeasured> {
  await load.call('start', {
    url: receiver.url,
    connections: one.connections,
    form: one.way === 'relp' ? 'json' : 'rfc5424',
    rate: one.offered ?? undefined,
    ca: certificate?.ca
  })
  await pause(warmUpMs)
  const snapshot = async () => ({ load: await load.call('counts'), cpu: receiver.cpuMicros() })
  const from = await snapshot()
  await pause(windowMs)
  const to = await snapshot()
  const { sent } = await load.call('stop')
  const [records, ms, micros] = [to.load.settled - from.load.settled, to.load.at - from.load.at, to.cpu - from.cpu]
  if (records === 0) throw new Error(`${one.receiver} took no record by ${one.way} within ${windowMs} ms`)
  const fate = await receiver.reconcile(sent)
  return { recordsPerSecond: records / ms * 1000, usPerRecord: micros / records, cores: micros / ms / 1000, ...fate }
}
