import type { BenchResult } from '../outcome/results.ts'
import { columns } from '../report/columns.ts'
import { figure } from '../report/numbers.ts'
import { type Figure, figuresOf } from './figures.ts'

export interface Row {
  name: string
  unit: string
  before: number
  after: number
  /** Undefined where there is no earlier figure to compare with. */
  changePercent: number | undefined
  /** Empty where the spreads overlap or are not known: chance may be the cause then. */
  mark: 'better' | 'worse' | ''
  ratio: boolean
}

export interface Comparison {
  rows: Row[]
  /** Figures that only one of the results has. */
  unmatched: number
  /** Reasons to trust the comparison less. */
  cautions: string[]
}

export function compareResults (before: BenchResult, after: BenchResult): Comparison {
  const earlier = new Map(figuresOf(before).map(one => [one.name, one]))
  const later = figuresOf(after)
  const rows = later.flatMap(one => {
    const other = earlier.get(one.name)
    return other === undefined ? [] : [row(other, one)]
  })
  return { rows, unmatched: earlier.size + later.length - 2 * rows.length, cautions: cautions(before, after) }
}

/** The ratios that got worse by more than `overPercent`, where chance is not the cause. */
export function failures ({ rows }: Comparison, overPercent: number): Row[] {
  return rows.filter(({ ratio, mark, changePercent }) => ratio && mark === 'worse' && Math.abs(changePercent ?? Infinity) > overPercent)
}

function row (before: Figure, after: Figure): Row {
  const [a, b] = [before.spread, after.spread]
  const apart = a !== undefined && b !== undefined && (a.max < b.min || b.max < a.min)
  const better = (after.median > before.median) === (after.more === true)
  return {
    name: after.name,
    unit: after.unit,
    before: before.median,
    after: after.median,
    changePercent: before.median === 0 ? undefined : (after.median - before.median) / before.median * 100,
    mark: apart ? (better ? 'better' : 'worse') : '',
    ratio: after.ratio === true
  }
}

function cautions (before: BenchResult, after: BenchResult): string[] {
  const [a, b] = [before.machine, after.machine]
  const differing = ([
    ['cpu', 'CPUs'], ['cores', 'numbers of cores'], ['node', 'versions of Node']
  ] as const).filter(([key]) => a[key] !== b[key]).map(([, name]) => name)
  return [
    ...(differing.length === 0 ? [] : [`Different ${differing.join(' and ')}: only the ratios can be compared.`]),
    ...(a.target.bus === b.target.bus && a.target.loki === b.target.loki ? [] : ['Different buses or stores: only the CPU figures can be compared.']),
    ...(before.quick || after.quick ? ['A quick run has too few repeats for its spread to mean much.'] : [])
  ]
}

/** Formats a comparison for a terminal. */
export function comparisonText ({ rows, unmatched, cautions }: Comparison): string {
  const cells = rows.map(({ name, unit, before, after, changePercent, mark }) => {
    const change = changePercent === undefined ? '' : `${changePercent >= 0 ? '+' : '-'}${Math.abs(changePercent).toFixed(1)} %`
    return [name, figure(before), figure(after), unit, change, mark]
  })
  return [
    ...columns([['figure', 'before', 'after', '', 'change', ''], ...cells], [true, false, false, true, false, true]),
    '',
    'better, worse: the spreads of the two do not overlap.',
    ...(unmatched === 0 ? [] : [`${unmatched} figures are in only one of the two.`]),
    ...cautions,
    ''
  ].join('\n')
}
