import type { Machine } from '../outcome/machine.ts'
import { eventResult, happen, type Happened } from './events.ts'
import { type Plan, steadyRate } from './plan.ts'
import { type CurveResult, type EventResult, EVENTS, type InstancesResult, LOADS } from './results.ts'
import { curvePoint, measure, type Round, summarise } from './scale.ts'

export interface RunOptions {
  plan: Plan
  quick: boolean
  machine: Machine
  env: NodeJS.ProcessEnv
  progress: (text: string) => void
}

/**
 * Each round measures all numbers of instances, at full and at steady load. So all compared figures come from the same
 * few minutes, although a shared machine changes its speed.
 */
export async function runInstances ({ plan, quick, machine, env, progress }: RunOptions): Promise<InstancesResult> {
  let rate = plan.rate
  const rounds: Round[][] = []
  for (let number = 1; number <= plan.rounds; number++) {
    const round: Round[] = []
    for (const load of [...LOADS].reverse()) {
      rate ??= load === 'steady' ? steadyRate(round.map(({ run }) => run.recordsPerSecond)) : undefined
      for (const instances of plan.instances) {
        progress(`round ${number} of ${plan.rounds}: ${instances} on one address, ${load === 'full' ? 'as fast as it goes' : `${rate} records/s`}`)
        round.push({ load, instances, run: await measure(plan, env, instances, load === 'full' ? undefined : rate) })
      }
    }
    rounds.push(round)
  }
  const scale = summarise(rounds)
  const curve = await measureCurve(plan, env, rounds, progress)
  const events: EventResult[] = []
  for (const load of LOADS) {
    for (const event of EVENTS) {
      const times: Happened[] = []
      for (let number = 1; number <= plan.eventRounds; number++) {
        progress(`one ${{ join: 'joins', leave: 'leaves', die: 'dies' }[event]}, ${load} load, ${number} of ${plan.eventRounds}`)
        times.push(await happen(event, load === 'full' ? undefined : rate, plan, env))
      }
      events.push(eventResult(event, load, times))
    }
  }
  const { recordsPerMessage, sinkMs } = plan
  return { at: new Date().toISOString(), quick, machine, recordsPerMessage, sinkMs, steadyRate: rate ?? NaN, scale, curve, events }
}

/** Measures one instance at parts of its highest maximum. The run of that maximum is one point. */
async function measureCurve (
  plan: Plan, env: NodeJS.ProcessEnv, rounds: readonly Round[][], progress: (text: string) => void
): Promise<CurveResult[]> {
  const points: CurveResult[] = []
  const { run: fastest } = rounds.flat().filter(({ load, instances }) => load === 'full' && instances === 1)
    .reduce((best, one) => one.run.recordsPerSecond > best.run.recordsPerSecond ? one : best)
  const most = fastest.recordsPerSecond
  // The delay of a real store cannot be set.
  for (const sinkMs of env.LOKEAN_LOKI_URL === undefined ? plan.curveSinkMs : [plan.sinkMs]) {
    for (const load of plan.curve) {
      progress(`one instance at ${Math.round(load * 100)} % of ${Math.round(most)} records/s, store ${sinkMs} ms`)
      points.push(curvePoint(sinkMs, load, await measure(plan, env, 1, most * load, sinkMs)))
    }
    if (sinkMs === plan.sinkMs) points.push(curvePoint(sinkMs, 1, fastest))
  }
  return points
}
