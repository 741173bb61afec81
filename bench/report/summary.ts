import type { BenchResult } from '../outcome/results.ts'
import { crowdLines } from './crowd.ts'
import { inputLines } from './inputs.ts'
import { microLines } from './micro.ts'
import { figure, short } from './numbers.ts'
import { ordinaryLines } from './ordinary.ts'
import { machineLine } from './page.ts'
import { plural, records } from './select.ts'
import { targetsOf, verdict } from './targets.ts'

/** Describes the result of a run for a terminal. */
export function summary (result: BenchResult): string {
  const { floor, pipeline = [], latency = [], hosts = [], stall, idle, loki, micro } = result
  const lines = [
    machineLine(result.machine),
    ...(floor === undefined ? [] : [`floor     ${figure(floor.usPerRecord)} µs a record, ${floor.what}`]),
    ...pipeline.map(one => `pipeline  ${records(one.recordsPerMessage)}, ${plural(one.workers, 'worker')}, ${plural(one.shards, 'shard')}: ${short(one.recordsPerSecond)} records/s, ` +
      `${figure(one.usPerRecord)} µs${one.mainUsPerRecord === null ? '' : ` (main ${figure(one.mainUsPerRecord)})`}, ratio ${figure(one.ratio)}, ${figure(one.rssMb)} MB, ${one.missing} missing, ${one.doubled} doubled`),
    ...latency.map(one => `latency   ${records(one.recordsPerMessage)}, ${short(one.recordsPerSecond)} records/s, sink ${one.sinkMs} ms: p50 ${figure(one.p50)}, p99 ${figure(one.p99)}, p99.9 ${figure(one.p999)} ms`),
    ...(stall === undefined ? [] : [`stall     ${figure(stall.seconds)} s: ${figure(stall.peakRssMb)} MB at the peak, the rate regained after ${figure(stall.regainedSeconds)} s, ${stall.missing} missing, ${stall.doubled} doubled`]),
    ...hosts.map(one => `hosts     ${one.senders} waiting, ${records(one.recordsPerMessage)}: ${short(one.recordsPerSecond)} records/s, wait p50 ${figure(one.waitMs.p50)}, p99 ${figure(one.waitMs.p99)} ms`),
    ...ordinaryLines(result),
    ...inputLines(result),
    ...crowdLines(result),
    ...(result.notes ?? []).map(note => `not measured: ${note}`),
    ...(idle === undefined ? [] : [`idle      ${figure(idle.cpuPercent)} % of a core`]),
    ...(loki === undefined ? [] : [`loki      ${loki.ceiling.map(one => `${one.connections} connections ${short(one.recordsPerSecond)}`).join(', ')} records/s; Lokean reached ${short(loki.reached.recordsPerSecond)}`]),
    ...microLines(micro)
  ]
  const measured = targetsOf(result).filter(target => target.measured !== undefined)
  const widest = Math.max(0, ...measured.map(target => target.figure.length))
  const targets = measured.map(target => {
    const bounds = `must ${figure(target.must)}${target.aim === undefined ? '' : `, aim ${figure(target.aim)}`}`
    return `  ${target.figure.padEnd(widest)}  ${`${figure(target.measured as number)} ${target.unit}`.trim().padEnd(12)} (${bounds}): ${verdict(target) === 'aim' && target.aim === undefined ? 'met' : verdict(target)}`
  })
  return [...lines, ...(targets.length === 0 ? [] : ['', 'targets', ...targets]), ''].join('\n')
}
