import type { BenchResult, EverydayResult, InputResult, LatencyResult, PipelineResult } from '../../../bench/outcome/results.ts'
import type { Spread } from '../../../bench/outcome/spread.ts'

export function around (median: number, by = 0.08): Spread {
  return { median, min: median * (1 - by), max: median * (1 + by) }
}

export function pipelineResult (recordsPerMessage: number, workers: number, shards: number, main: number, worker: number): PipelineResult {
  const recordsPerSecond = 1e6 / Math.max(main, worker / workers) * 0.6
  return {
    recordsPerMessage,
    workers,
    shards,
    recordsPerSecond,
    usPerRecord: main + worker,
    mainUsPerRecord: main,
    workerUsPerRecord: worker,
    rssMb: 181.4,
    ratio: (main + worker) / 3.1,
    spread: {
      recordsPerSecond: around(recordsPerSecond),
      usPerRecord: around(main + worker),
      mainUsPerRecord: around(main),
      workerUsPerRecord: around(worker),
      ratio: around((main + worker) / 3.1, 0.03)
    },
    bytesPerRecord: 118.2,
    bytesRatio: 1.04,
    recordsPerPush: 1934,
    eventLoopDelayMs: { p50: 10.1, p99: 12.4, max: 31 },
    sent: 1_000_000,
    stored: 1_000_000,
    missing: 0,
    doubled: 0
  }
}

function latencyResult (recordsPerMessage: number, load: number, sinkMs: number): LatencyResult {
  const p50 = sinkMs + 1.2 + load * 2
  const [p99, p999] = [p50 * (1.5 + load * 4), p50 * (3 + load * 12)]
  return {
    recordsPerMessage,
    load,
    sinkMs,
    recordsPerSecond: load * 200_000,
    p50,
    p99,
    p999,
    spread: { p50: around(p50), p99: around(p99), p999: around(p999, 0.3) }
  }
}

function input (
  way: InputResult['way'], receiver: InputResult['receiver'], connections: number, offered: number | null, recordsPerSecond: number,
  usPerRecord: number
): InputResult {
  const cores = recordsPerSecond * usPerRecord / 1e6
  const spread = { recordsPerSecond: around(recordsPerSecond), usPerRecord: around(usPerRecord), cores: around(cores) }
  return { way, receiver, connections, recordsPerMessage: 1, offered, recordsPerSecond, usPerRecord, cores, spread, missing: 0, doubled: 0 }
}

function hosts (recordsPerMessage: number, senders: number, recordsPerSecond: number): NonNullable<BenchResult['hosts']>[number] {
  const p50 = senders * recordsPerMessage / recordsPerSecond * 1000
  return {
    senders,
    recordsPerMessage,
    recordsPerSecond,
    waitMs: { p50, p99: p50 * 2.2 },
    spread: { recordsPerSecond: around(recordsPerSecond), p50: around(p50), p99: around(p50 * 2.2) }
  }
}

function everyday (recordsPerSecond: number, recordsPerMessage: number, lingerMs: number, cores: number, hosts = 100): EverydayResult {
  return {
    recordsPerSecond,
    hosts,
    recordsPerMessage,
    lingerMs,
    cores,
    usPerRecord: cores / recordsPerSecond * 1e6,
    pushesPerSecond: lingerMs === 0 ? 600 : 24,
    recordsPerPush: recordsPerSecond / (lingerMs === 0 ? 600 : 24),
    p50Ms: 1 + lingerMs / 2,
    p99Ms: 8 + lingerMs,
    receiverCores: cores / 1.4,
    sinkMs: 0,
    settledPerSecond: recordsPerSecond,
    lagP99Ms: 12 + lingerMs * 3,
    storeCores: null
  }
}

/** A whole, invented result. The program meets some targets, misses one, and loses no record. */
export function sampleResult (): BenchResult {
  return {
    at: '2026-11-22T12:00:00.000Z',
    quick: false,
    machine: {
      cpu: 'Some CPU @ 2.60GHz',
      cores: 2,
      memoryMb: 7963,
      os: 'Linux 6.1.0',
      node: 'v20.20.0',
      lokean: '0.1.0 abcdef1',
      target: { bus: 'bench', loki: 'bench' }
    },
    floor: { usPerRecord: 3.1, linesOnlyUsPerRecord: 2.4, spread: around(3.1), recordBytes: 526.4, what: 'one thread: UTF-8 to a string, JSON.parse, and snappy over 1 MiB blocks' },
    pipeline: [
      ...[1, 4].flatMap(shards => [1, 2, 4].map(workers => pipelineResult(100, workers, shards, 0.31, 2.9 + workers * 0.1))),
      pipelineResult(1, 1, 4, 6.2, 3.6), pipelineResult(10, 1, 4, 0.92, 3.1), pipelineResult(256, 1, 4, 0.22, 2.9)
    ].sort((a, b) => a.recordsPerMessage - b.recordsPerMessage),
    latency: [1, 100].flatMap(size => [0, 20].flatMap(sinkMs => [0.1, 0.5, 0.9].map(load => latencyResult(size, load, sinkMs)))),
    stall: {
      seconds: 30,
      recordsPerSecond: 205_000,
      peakRssMb: 268,
      regainedSeconds: 0.8,
      missing: 0,
      doubled: 0,
      samples: Array.from({ length: 91 }, (_, index) => {
        const seconds = index / 2 - 5
        const silent = seconds > 0.5 && seconds < 30
        return {
          seconds, recordsPerSecond: silent ? 0 : 205_000 + 9000 * Math.sin(index), rssMb: silent ? 262 + index / 20 : 170 + index / 10
        }
      })
    },
    hosts: [
      hosts(1, 1, 900), hosts(1, 10, 9000), hosts(1, 200, 61_000), hosts(100, 1, 61_000), hosts(100, 10, 160_000), hosts(100, 200, 204_000)
    ],
    everyday: [
      everyday(250, 1, 100, 0.02), everyday(2_500, 1, 100, 0.08), everyday(2_500, 1, 0, 0.6), everyday(2_500, 3, 100, 0.07),
      everyday(2_500, 10, 100, 0.05), everyday(10_000, 10, 100, 0.07), everyday(40_000, 10, 100, 0.2, 1_000)
    ],
    start: [{ streams: 200_000, seconds: 21.5, pushes: 3_800, recordsPerSecond: 20_000 }],
    inputs: [
      input('relp', 'lokean', 100, null, 90_000, 8), input('relp', 'rsyslog', 100, null, 81_000, 12.6),
      input('relp', 'lokean', 100, 2_500, 2_500, 12), input('relp', 'rsyslog', 100, 2_500, 2_500, 26.7),
      input('syslog+tls', 'lokean', 100, null, 250_000, 3.5), input('syslog+tls', 'rsyslog', 100, null, 430_000, 2.6),
      input('relp', 'lokean', 1, null, 1_400, 30), input('relp', 'rsyslog', 1, null, 88_000, 11.6)
    ],
    storms: [{
      connections: 2_000,
      seconds: 4.2,
      slowestMs: 640,
      kibPerConnection: 55,
      peakMb: 310,
      kernelKibPerConnection: 1.4,
      missing: 0,
      doubled: 0
    }],
    noisy: [{
      quiet: 100,
      recordsPerSecond: 38_000,
      aloneP99Ms: 108,
      besideP99Ms: 131,
      ratio: 1.21,
      spread: { recordsPerSecond: around(38_000), aloneP99Ms: around(108), besideP99Ms: around(131), ratio: around(1.21) },
      missing: 0,
      doubled: 0
    }],
    idle: { cpuPercent: 0.31 },
    loki: {
      url: 'the embedded one',
      recordsPerPush: 2210,
      ceiling: [1, 2, 4, 8, 16].map(connections => ({
        connections,
        recordsPerSecond: 410_000 - 100_000 / connections,
        p50: connections * 5,
        p99: connections * 9,
        refused: 0,
        spread: around(410_000 - 100_000 / connections)
      })),
      reached: { recordsPerSecond: 133_000, spread: around(133_000) }
    }
  }
}
