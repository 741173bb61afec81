import type { BenchResult } from '../outcome/results.ts'
import { everydayAt } from './select.ts'
import type { Target } from './target.ts'

/** The streams of the cloud whose start has a target. */
const NEW_STREAMS = 200_000

/** Lists the targets of ordinary days and of a start. The small cloud's 2,500 records/s are of 100 hosts. */
export function ordinaryTargets (result: BenchResult): Target[] {
  const small = everydayAt(result)
  const plain = everydayAt(result, { lingerMs: 0 })
  const threes = everydayAt(result, { recordsPerMessage: 3 })
  const loki = threes?.storeCores ?? undefined
  return [
    { figure: '2,500 records/s, 1 a message: cores', must: 0.1, aim: 0.05, measured: small?.cores, unit: '' },
    {
      figure: 'the same, against a receiver that only settles',
      must: 1.6,
      aim: 1,
      measured: small === undefined ? undefined : small.cores / small.receiverCores,
      unit: ''
    },
    { figure: 'the same: pushes/s', must: 40, aim: 20, measured: small?.pushesPerSecond, unit: '' },
    {
      figure: 'the same: pushes, against those without linger',
      must: 0.15,
      aim: 0.05,
      measured: small === undefined || plain === undefined ? undefined : small.pushesPerSecond / plain.pushesPerSecond,
      unit: '',
      steady: true
    },
    {
      figure: 'the same: p99 latency beyond the linger',
      must: 50,
      aim: 20,
      measured: small && Math.max(0, small.p99Ms - small.lingerMs),
      unit: 'ms'
    },
    {
      figure: '250 records/s, 1 a message: cores',
      must: 0.03,
      aim: 0.015,
      measured: everydayAt(result, { recordsPerSecond: 250 })?.cores,
      unit: ''
    },
    {
      figure: '10,000 records/s, 10 a message: CPU a record',
      must: 8,
      aim: 4,
      measured: everydayAt(result, { recordsPerSecond: 10_000, recordsPerMessage: 10 })?.usPerRecord,
      unit: 'µs'
    },
    {
      figure: '2,500 records/s, 3 a message: a real Loki\'s CPU a record',
      must: 70,
      aim: 40,
      measured: threes === undefined || loki === undefined ? undefined : loki / threes.settledPerSecond * 1e6,
      unit: 'µs'
    },
    {
      figure: '200,000 new streams, until the last is stored',
      must: 30,
      aim: 15,
      measured: result.start?.find(({ streams }) => streams === NEW_STREAMS)?.seconds,
      unit: 's'
    }
  ]
}
