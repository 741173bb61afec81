import { type HostMachine, type Spread, spreadOf } from '../outcome/results.ts'

/** What can be read off a run, and set beside the same of another program. */
export const FIGURES = {
  usPerRecord: { name: 'CPU', unit: 'µs a record', more: false },
  mainUsPerRecord: { name: 'CPU of the main thread', unit: 'µs a record', more: false },
  recordsPerSecond: { name: 'rate', unit: 'records/s', more: true }
} as const
export type FigureName = keyof typeof FIGURES

/** NaN: cannot be told here. */
export type Readings = Partial<Record<FigureName, number>>

export const SIDES = ['before', 'after'] as const
export type Side = typeof SIDES[number]
export type Sides<T> = Readonly<Record<Side, T>>

/** One way to put two programs to the same work, each as long on the same machine. Rejects where one of them does not do it well, for then its cost says nothing. */
export interface Case {
  name: string
  /** Both programs by the paths of their main modules. */
  measure: (programs: Sides<string>) => Promise<Sides<Readings>>
}

export interface PairedFigure {
  figure: FigureName
  /** The readings, pair by pair. */
  before: number[]
  after: number[]
  /** After against before, within each pair. */
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

/** Each pair has new processes: how well a program is compiled, and where it lies in memory, is chance. */
export async function measurePairs ({ cases, programs, pairs, progress }: PairsOptions): Promise<PairedCase[]> {
  const readings = cases.map((): Array<Sides<Readings>> => [])
  for (let pair = 1; pair <= pairs; pair++) {
    for (const [index, { name, measure }] of cases.entries()) {
      progress(`pair ${pair} of ${pairs}: ${name}`)
      readings[index].push(await measure(programs))
    }
  }
  return cases.map(({ name }, index) => ({ case: name, figures: pairedFigures(readings[index]) }))
}

/** Those that all pairs have. */
export function pairedFigures (pairs: ReadonlyArray<Sides<Readings>>): PairedFigure[] {
  return (Object.keys(FIGURES) as FigureName[]).flatMap(figure => {
    const [before, after] = SIDES.map(side => pairs.map(pair => pair[side][figure] ?? NaN))
    if ([...before, ...after].some(Number.isNaN)) return []
    return [{ figure, before, after, ratio: spreadOf(after.map((value, pair) => value / before[pair])) }]
  })
}

/** Percent by which the median of the pairs got worse; below 0 where it got better. */
export function worsePercent ({ figure, ratio }: PairedFigure): number {
  return (FIGURES[figure].more ? 1 - ratio.median : ratio.median - 1) * 100
}
