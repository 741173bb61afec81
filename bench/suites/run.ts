import { micro } from '../micro/suite.ts'
import type { Machine } from '../outcome/machine.ts'
import type { BenchResult, SuiteOptions } from '../outcome/results.ts'
import { pipelineAt } from '../report/select.ts'
import { crowd } from './crowd.ts'
import { everyday } from './everyday.ts'
import { floor } from './floor.ts'
import { hosts } from './hosts.ts'
import { idle } from './idle.ts'
import { inputs } from './inputs.ts'
import { latency } from './latency.ts'
import { loki } from './loki.ts'
import type { SuiteName } from './names.ts'
import { pipeline } from './pipeline.ts'
import { start } from './start.ts'
import { stall } from './stall.ts'

/** Runs the suites in their order and collects their results. Rejects with the first failure. */
export async function runSuites (suites: readonly SuiteName[], machine: Machine, options: SuiteOptions): Promise<BenchResult> {
  const result: BenchResult = { at: new Date().toISOString(), quick: options.quick, machine }
  for (const suite of suites) await measure(suite, result, options)
  return result
}

async function measure (suite: SuiteName, result: BenchResult, options: SuiteOptions): Promise<void> {
  switch (suite) {
    case 'floor': result.floor = await floor(options); break
    case 'pipeline': result.pipeline = await pipeline(options); break
    case 'latency':
      result.latency = await latency({
        ...options,
        maximum: recordsPerMessage => pipelineAt(result, { recordsPerMessage })?.recordsPerSecond,
        realLoki: result.machine.target.loki !== 'bench'
      })
      break
    case 'stall': result.stall = await stall(options); break
    case 'hosts': result.hosts = await hosts(options); break
    case 'everyday': result.everyday = await everyday({ ...options, realLoki: result.machine.target.loki !== 'bench' }); break
    case 'inputs': noted(result, await inputs(options)); break
    case 'crowd': noted(result, await crowd(options)); break
    case 'start': result.start = await start(options); break
    case 'idle': result.idle = await idle(options); break
    case 'loki': result.loki = await loki(options); break
    case 'micro': result.micro = await micro(options); break
  }
}

/** Adds what was measured, and what could not be. */
function noted (result: BenchResult, { notes, ...measured }: { notes: readonly string[] }): void {
  Object.assign(result, measured)
  if (notes.length > 0) result.notes = [...result.notes ?? [], ...notes]
}
