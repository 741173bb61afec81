import type { HostMachine } from '../outcome/machine.ts'
import { type Spread, spreadOf } from '../outcome/spread.ts'

/** What a run measures and a comparison can use. */
export const FIGURES = {
  usPerRecord: { name: 'CPU', unit: 'µs a record', more: false },
  mainUsPerRecord: { name: 'CPU of the main thread', unit: 'µs a record', more: false },
  recordsPerSecond: { name: 'rate', unit: 'records/s', more: true }
} as const
export type FigureName = keyof typeof FIGURES

/** NaN: it cannot be measured here. */
export type Readings = Partial<Record<FigureName, number>>

export const SIDES = ['before', 'after'] as const
export type Side = typeof SIDES[number]
export type Sides<T> = Readonly<Record<Side, T>>

/** Both sides; every other turn begins with the other one, so that being first is no advantage in the end. */
export function orderOf (turn: number): readonly Side[] {
  return turn % 2 === 0 ? SIDES : [...SIDES].reverse()
}

/**
 * One way to give two programs the same work for the same time on the same machine. `measure` rejects where a program
 * does the work wrongly, since its cost then says nothing.
 */
export interface Case {
  name: string
  /** Gets the path of each program's main module, and in which order they are started. */
  measure: (programs: Sides<string>, order: readonly Side[]) => Promise<Sides<Readings>>
}

export interface PairedFigure {
  figure: FigureName
  /** The readings, pair by pair. */
  before: number[]
  after: number[]
  /** After divided by before, within each pair. */
  ratio: Spread
}

export interface PairedCase { case: string, figures: PairedFigure[] }

/** What `--json` prints. */
export interface PairedResult {
  /** ISO 8601. */
  at: string
  machine: HostMachine
  /** The commit that the program of this folder is compared with. */
  against: string
  pairs: number
  cases: PairedCase[]
}

export interface PairsOptions {
  cases: readonly Case[]
  programs: Sides<string>
  pairs: number
  progress: (text: string) => void
}

/** Each pair starts new processes: chance decides how well V8 compiles a program and where it lies in memory. */
export async function measurePairs ({ cases, programs, pairs, progress }: PairsOptions): Promise<PairedCase[]> {
  const readings = cases.map((): Array<Sides<Readings>> => [])
  for (let pair = 1; pair <= pairs; pair++) {
    for (const [index, { name, measure }] of cases.entries()) {
      progress(`pair ${pair} of ${pairs}: ${name}`)
      readings[index].push(await measure(programs, orderOf(pair)))
    }
  }
  return cases.map(({ name }, index) => ({ case: name, figures: pairedFigures(readings[index]) }))
}

/** The figures that every pair has. */
export function pairedFigures (pairs: ReadonlyArray<Sides<Readings>>): PairedFigure[] {
  return (Object.keys(FIGURES) as FigureName[]).flatMap(figure => {
    const [before, after] = SIDES.map(side => pairs.map(pair => pair[side][figure] ?? NaN))
    if ([...before, ...after].some(Number.isNaN)) return []
    return [{ figure, before, after, ratio: spreadOf(after.map((value, pair) => value / before[pair])) }]
  })
}

/** Percent by which the median of the pairs got worse; negative where it got better. */
export function worsePercent ({ figure, ratio }: PairedFigure): number {
  return (FIGURES[figure].more ? 1 - ratio.median : ratio.median - 1) * 100
}
