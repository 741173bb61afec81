import type { BenchResult } from '../outcome/results.ts'
import { figure, percent } from './numbers.ts'
import type { Target } from './target.ts'
import { targetsOf, within } from './targets.ts'

/** A result may miss a `must` by this part of it, because even steady figures differ from machine to machine. */
const TOLERANCE = 0.2

/**
 * Returns a sentence for each steady target that the result misses by more than a fifth, or did not measure although
 * any machine can.
 */
export function gateFailures (result: BenchResult): string[] {
  return targetsOf(result).filter(({ steady }) => steady === true).flatMap(failure)
}

function failure ({ figure: name, must, measured, more, optional }: Target): string[] {
  if (measured === undefined) return optional === true ? [] : [`${name}: not measured`]
  if (within(measured, more === true ? must * (1 - TOLERANCE) : must * (1 + TOLERANCE), more)) return []
  const by = must === 0 ? '' : `, and misses that by ${percent(Math.abs(measured - must) / must)}`
  return [`${name}: ${figure(measured)}, must be at ${more === true ? 'least' : 'most'} ${figure(must)}${by}`]
}
