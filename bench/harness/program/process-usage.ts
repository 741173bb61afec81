import { readdirSync, readFileSync } from 'node:fs'

/** CPU of a process so far, in microseconds; of the main thread where that can be told. */
export interface CpuUsage { totalMicros: number, mainMicros: number }

/** USER_HZ, which is 100 on every Linux there is. */
const TICK_MICROS = 10_000

/**
 * From /proc, or undefined where there is none. All threads that are alive count: V8's and libuv's helpers too; those of the program
 * live as long as it does. Nanoseconds from schedstat (kernel documentation, scheduler/sched-stats) where the kernel keeps them, else
 * ticks from stat.
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

/** Peak of the memory that a process had in RAM, in MB of 2^20 bytes, and what it has now; undefined where there is no /proc. */
export function memoryUsage (pid: number): { peakMb: number, nowMb: number } | undefined {
  const status = read(`/proc/${pid}/status`)
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status ?? '')?.[1] ?? NaN)
  const usage = { peakMb: kib('VmHWM') / 1024, nowMb: kib('VmRSS') / 1024 }
  return Number.isNaN(usage.peakMb + usage.nowMb) ? undefined : usage
}

function ofThread (folder: string): number {
  const nanos = Number(read(`${folder}/schedstat`)?.split(' ')[0] ?? NaN)
  if (nanos > 0) return nanos / 1000
  // Fields 14 and 15, utime and stime (proc(5)); the second, the name, is in parentheses and may hold anything.
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
