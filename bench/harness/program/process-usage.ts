import { readdirSync, readFileSync } from 'node:fs'

/** CPU of a process so far in microseconds, and that of its main thread where the kernel tells it. */
export interface CpuUsage { totalMicros: number, mainMicros: number }

/** One tick of USER_HZ, which is 100 on every Linux. */
const TICK_MICROS = 10_000

/**
 * Reads CPU from /proc; returns undefined where there is none. All living threads count, V8's and libuv's helpers too;
 * the program's threads live as long as it does. The source is schedstat in nanoseconds (kernel documentation,
 * scheduler/sched-stats), or the ticks in stat where the kernel keeps no schedstat.
 */
export function cpuUsage (pid: number): CpuUsage | undefined {
  let threads: string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return undefined
  }
  const usage = { totalMicros: 0, mainMicros: 0 }
  for (const thread of threads) {
    const micros = ofThread(`/proc/${pid}/task/${thread}`)
    usage.totalMicros += micros
    if (Number(thread) === pid) usage.mainMicros = micros
  }
  return usage
}

/**
 * Returns the peak and the present size of a process in RAM, in MB of 2^20 bytes; undefined where there is no /proc.
 */
export function memoryUsage (pid: number): { peakMb: number, nowMb: number } | undefined {
  const status = read(`/proc/${pid}/status`)
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status ?? '')?.[1] ?? NaN)
  const usage = { peakMb: kib('VmHWM') / 1024, nowMb: kib('VmRSS') / 1024 }
  return Number.isNaN(usage.peakMb + usage.nowMb) ? undefined : usage
}

function ofThread (folder: string): number {
  const nanos = Number(read(`${folder}/schedstat`)?.split(' ')[0] ?? NaN)
  if (nanos > 0) return nanos / 1000
  // utime and stime are fields 14 and 15 (proc(5)). The name in parentheses, field 2, may hold anything.
  const fields = read(`${folder}/stat`)?.replace(/^.*\) /s, '').split(' ') ?? []
  const ticks = Number(fields[11]) + Number(fields[12])
  return Number.isNaN(ticks) ? 0 : ticks * TICK_MICROS
}

function read (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
