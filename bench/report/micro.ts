import type { MicroResult } from '../outcome/results.ts'
import { figure, table, withSpread } from './numbers.ts'

type Alternative = MicroResult['alternatives'][number]

/**
 * Makes one Markdown table of all questions, with the chosen alternatives in bold. It is empty where no question was
 * asked.
 */
export function microTable (micro: readonly MicroResult[] = []): string {
  if (micro.length === 0) return ''
  const rows = micro.flatMap(({ question, unit, alternatives }) => alternatives.map((one, index) =>
    [index === 0 ? `${question}, ${unit}` : '', one.chosen ? `**${one.name}**` : one.name, value(one), times(one)]))
  return table(['', 'way', '', 'times the chosen'], rows, 2)
}

/** Formats for a terminal: a line for each question, and a line for each of its alternatives. */
export function microLines (micro: readonly MicroResult[] = []): string[] {
  const widest = Math.max(0, ...micro.flatMap(({ alternatives }) => alternatives.map(({ name }) => name.length)))
  return micro.flatMap(({ question, unit, alternatives }) => [
    `micro     ${question}, ${unit}`,
    ...alternatives.map(one => `          ${one.chosen ? '*' : ' '} ${one.name.padEnd(widest)}  ${value(one)}${one.chosen ? '' : `, ${times(one)} times`}`)
  ])
}

/** Counted figures are shown to the last digit. */
function value ({ spread }: Alternative): string {
  return spread.min === spread.max && Number.isInteger(spread.median) ? spread.median.toLocaleString('en') : withSpread(spread)
}

function times ({ chosen, timesChosen }: Alternative): string {
  return chosen ? '' : figure(timesChosen.median)
}
