import { labelText, type Label } from '../store/label-set.ts'
import type { ArithmeticOperator, BinaryOperation, ComparisonOperator, Grouping, SetOperator, VectorOperation } from './logql-ast.ts'

/** One value for each instant. There is none where `present` is 0. */
export interface Series {
  labels: readonly Label[]
  values: Float64Array
  present: Uint8Array
}

export function emptySeries (labels: readonly Label[], count: number): Series {
  return { labels, values: new Float64Array(count), present: new Uint8Array(count) }
}

export function groupLabels (labels: readonly Label[], grouping: Grouping | undefined): Label[] {
  return grouping === undefined ? [...labels] : labels.filter(({ name }) => grouping.labels.includes(name) !== grouping.without)
}

export function combine (operation: Exclude<VectorOperation, 'topk' | 'bottomk'>, labels: Label[], members: Series[]): Series {
  const combined = emptySeries(labels, members[0]!.values.length)
  for (let i = 0; i < members[0]!.values.length; i++) {
    const values = members.filter(({ present }) => present[i] === 1).map(({ values }) => values[i]!)
    if (values.length === 0) continue
    combined.present[i] = 1
    const sum = values.reduce((total, value) => total + value, 0)
    switch (operation) {
      case 'sum': combined.values[i] = sum; break
      case 'avg': combined.values[i] = sum / values.length; break
      case 'count': combined.values[i] = values.length; break
      case 'min': combined.values[i] = values.reduce((least, value) => Math.min(least, value)); break
      case 'max': combined.values[i] = values.reduce((most, value) => Math.max(most, value)); break
      case 'stdvar': combined.values[i] = variance(values); break
      case 'stddev': combined.values[i] = Math.sqrt(variance(values)); break
    }
  }
  return combined
}

function variance (values: number[]): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length
}

/** At each step, the k largest (with `sign` -1: smallest) values. All others are absent there. */
export function best (members: Series[], k: number, sign: number): Series[] {
  const chosen = members.map(({ labels, values }) => ({ ...emptySeries(labels, members[0]!.values.length), values: values.slice() }))
  for (let i = 0; i < members[0]!.values.length; i++) {
    members.map((member, index) => ({ member, index })).filter(({ member }) => member.present[i] === 1)
      .sort((a, b) => sign * (b.member.values[i]! - a.member.values[i]!)).slice(0, k)
      .forEach(({ index }) => { chosen[index]!.present[i] = 1 })
  }
  return chosen
}

type Operation = Pick<BinaryOperation, 'operator' | 'bool'>

/** A number is combined with every series. A series is combined with the one of the same labels, if any. */
export function binary (operation: Operation, left: Series[] | number, right: Series[] | number): Series[] | number {
  if (typeof right === 'number') return (left as Series[]).map((series) => zip(operation, series, series, undefined, right))
  if (typeof left === 'number') return right.map((series) => zip(operation, series, series, left, undefined))
  if (isSet(operation.operator)) return combineSets(operation.operator, left, right)
  const others = byLabels(right)
  return left.flatMap((series) => {
    const other = others.get(labelText(series.labels))
    return other === undefined ? [] : [zip(operation, series, other, undefined, undefined)]
  })
}

const byLabels = (all: Series[]): Map<string, Series> => new Map(all.map((series) => [labelText(series.labels), series]))

/**
 * A comparison leaves out values for which it does not hold. It keeps the others with the value of the series; of two
 * series, with that of the left one.
 */
function zip (
  { operator, bool }: Operation,
  left: Series,
  right: Series,
  leftNumber: number | undefined,
  rightNumber: number | undefined
): Series {
  const result = emptySeries(left.labels, left.values.length)
  const kept = leftNumber === undefined ? left : right
  const filters = isComparison(operator) && !bool
  for (let i = 0; i < left.values.length; i++) {
    if (left.present[i] === 0 || right.present[i] === 0) continue
    const value = calculate(operator, leftNumber ?? left.values[i]!, rightNumber ?? right.values[i]!)
    if (filters && value === 0) continue
    result.present[i] = 1
    result.values[i] = filters ? kept.values[i]! : value
  }
  return result
}

/**
 * By step: the values of `left` where `right` has the same labels (`and`), or has not (`unless`); or the values of
 * either.
 */
function combineSets (operator: SetOperator, left: Series[], right: Series[]): Series[] {
  if (operator === 'or') {
    const others = combineSets('unless', right, left).filter(({ present }) => present.includes(1))
    const added = byLabels(others)
    const merged = left.map((series) => {
      const other = added.get(labelText(series.labels))
      if (other === undefined) return series
      added.delete(labelText(series.labels))
      return {
        ...series,
        present: series.present.map((present, i) => present | other.present[i]!),
        values: series.values.map((value, i) => series.present[i] === 1 ? value : other.values[i]!)
      }
    })
    return [...merged, ...added.values()]
  }
  const others = byLabels(right)
  return left.map((series) => {
    const other = others.get(labelText(series.labels))
    const wanted = operator === 'and' ? 1 : 0
    return { ...series, present: series.present.map((present, i) => present === 1 && (other?.present[i] ?? 0) === wanted ? 1 : 0) }
  })
}

const arithmetic: Record<ArithmeticOperator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => b === 0 ? NaN : a / b,
  '%': (a, b) => b === 0 ? NaN : a % b,
  '^': (a, b) => a ** b
}

const comparisons: Record<ComparisonOperator, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b
}

const isComparison = (operator: string): operator is ComparisonOperator => Object.hasOwn(comparisons, operator)
const isSet = (operator: string): operator is SetOperator => !isComparison(operator) && !Object.hasOwn(arithmetic, operator)

export function calculate (operator: BinaryOperation['operator'], a: number, b: number): number {
  return isComparison(operator) ? Number(comparisons[operator](a, b)) : arithmetic[operator as ArithmeticOperator](a, b)
}
