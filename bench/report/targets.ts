import type { BenchResult } from '../outcome/results.ts'
import { crowdTargets } from './crowd.ts'
import { figure, percent, table } from './numbers.ts'
import { inputTargets } from './inputs.ts'
import { ordinaryTargets } from './ordinary-targets.ts'
import { hostsAt, latencyAt, pipelineAt, USUAL } from './select.ts'
import type { Target } from './target.ts'

export type Verdict = 'aim' | 'must' | 'missed' | 'not measured'

/** Lists the project's targets with the run's figures. */
export function targetsOf (result: BenchResult): Target[] {
  const usual = pipelineAt(result)
  const { stall } = result
  return [
    { figure: 'all CPU of the program, against the floor', must: 1.5, aim: 1, measured: usual?.ratio, unit: '', steady: true },
    { figure: 'main thread, CPU per record, against the workers\'', must: 0.25, aim: 0.1, measured: mainShare(result), unit: '' },
    {
      figure: 'all CPU at 1 record a message, against the floor',
      must: 4,
      aim: 3,
      measured: pipelineAt(result, { recordsPerMessage: 1 })?.ratio,
      unit: '',
      steady: true
    },
    {
      figure: 'bytes pushed, against one maximal push per MiB',
      must: 1.15,
      aim: 1.05,
      measured: usual?.bytesRatio ?? undefined,
      unit: '',
      steady: true
    },
    {
      figure: 'records a push, under full load',
      must: 1800,
      aim: 2500,
      measured: usual?.recordsPerPush ?? undefined,
      unit: '',
      more: true,
      steady: true
    },
    {
      figure: 'p99 latency at 50 % load, sink at 0 ms',
      must: 25,
      aim: 10,
      measured: latencyAt(result, USUAL.recordsPerMessage, 0.5, 0)?.p99,
      unit: 'ms'
    },
    { figure: 'peak RSS during the stall', must: 350, aim: 250, measured: stall?.peakRssMb, unit: 'MB' },
    { figure: 'rate regained after the stall', must: 2, aim: 1, measured: stall?.regainedSeconds, unit: 's' },
    manySenders(result),
    ...ordinaryTargets(result),
    ...inputTargets(result),
    ...crowdTargets(result),
    { figure: 'CPU when idle, of a core', must: 0.5, measured: result.idle?.cpuPercent, unit: '%' },
    { figure: 'records missing or doubled, all runs', must: 0, measured: lostOrDoubled(result), unit: '', steady: true }
  ]
}

/** The main thread's share in the usual case; undefined where the CPU of the threads is not known apart. */
export function mainShare (result: BenchResult): number | undefined {
  const { mainUsPerRecord = null, workerUsPerRecord = null } = pipelineAt(result) ?? {}
  return mainUsPerRecord === null || workerUsPerRecord === null ? undefined : mainUsPerRecord / workerUsPerRecord
}

/** The rate of 200 senders divided by the rate of one, at 1 record a message; undefined where it was not measured. */
export function sendersGain (result: BenchResult): number | undefined {
  const [one, many] = [hostsAt(result, 1, 1), hostsAt(result, 1, 200)]
  return one === undefined || many === undefined ? undefined : many.recordsPerSecond / one.recordsPerSecond
}

function manySenders (result: BenchResult): Target {
  const most = pipelineAt(result, { recordsPerMessage: 1 })?.recordsPerSecond
  const reached = hostsAt(result, 1, 200)?.recordsPerSecond
  const share = most === undefined || reached === undefined ? undefined : reached / most
  return {
    figure: '200 waiting senders against one, total rate',
    must: 40,
    aim: 100,
    measured: sendersGain(result),
    unit: 'times',
    more: true,
    note: share === undefined ? undefined : `${percent(share)} of the maximum`,
    exhausted: share !== undefined && share >= 0.9
  }
}

/** Undefined where no records were reconciled. */
export function lostOrDoubled ({ pipeline = [], stall, inputs = [], storms = [], noisy = [] }: BenchResult): number | undefined {
  const reconciled = [...pipeline, ...inputs, ...storms, ...noisy, ...(stall === undefined ? [] : [stall])]
  return reconciled.length === 0 ? undefined : reconciled.reduce((sum, { missing, doubled }) => sum + missing + doubled, 0)
}

export function verdict ({ must, aim, measured, more, exhausted }: Target): Verdict {
  if (measured === undefined) return 'not measured'
  const meets = (bound: number): boolean => within(measured, bound, more)
  if (!meets(must)) return 'missed'
  return meets(aim ?? must) || exhausted === true ? 'aim' : 'must'
}

/** Whether a measured value keeps to a bound. `more` says that more is better. */
export function within (measured: number, bound: number, more = false): boolean {
  return more ? measured >= bound : measured <= bound
}

function words (target: Target): string {
  const found = verdict(target)
  switch (found) {
    case 'aim': return target.aim === undefined ? 'met' : 'aim met'
    case 'must': return 'must met'
    case 'missed': return '**missed**'
    case 'not measured': return found
  }
}

/** Makes a Markdown table of the targets. */
export function targetsTable (result: BenchResult): string {
  return table(['figure', 'must', 'aim', 'measured', ''], targetsOf(result).map(target => {
    const value = (number: number | undefined): string => number === undefined ? '' : `${figure(number)} ${target.unit}`.trim()
    const note = target.note === undefined || target.measured === undefined ? '' : ` (${target.note})`
    return [target.figure, value(target.must), value(target.aim), value(target.measured) + note, words(target)]
  }))
}
