import { spreadOf } from '../outcome/spread.ts'
import { columns } from '../report/columns.ts'
import { figure as number } from '../report/numbers.ts'
import { FIGURES, type PairedResult, worsePercent } from './pairs.ts'

const LEFT = [true, true, false, false, false, true]

/** Formats paired measurements for a terminal. */
export function pairedText ({ machine, against, pairs, cases }: PairedResult): string {
  const rows = cases.flatMap(({ case: name, figures }) => figures.map(({ figure, before, after, ratio }, index) => [
    index === 0 ? name : '',
    `${FIGURES[figure].name}, ${FIGURES[figure].unit}`,
    number(spreadOf(before).median),
    number(spreadOf(after).median),
    ratio.median.toFixed(3),
    `${ratio.min.toFixed(3)} to ${ratio.max.toFixed(3)}`
  ]))
  return [
    `before: ${against}`,
    `after:  ${machine.lokean}, ${machine.cpu} x ${machine.cores}, Node ${machine.node}`,
    '',
    ...columns([['', '', 'before', 'after', 'ratio', 'of the pairs'], ...rows], LEFT),
    '',
    `Medians of ${pairs} pairs; the ratios, after against before, are taken within each pair.`,
    ''
  ].join('\n')
}

/** Returns a line for each figure whose median got worse by more than `overPercent`. */
export function pairedFailures ({ cases }: PairedResult, overPercent: number): string[] {
  return cases.flatMap(({ case: name, figures }) => figures.filter(one => worsePercent(one) > overPercent)
    .map(one => `${name}: ${FIGURES[one.figure].name}, by ${worsePercent(one).toFixed(1)} %`))
}
