import { labelText, type Label } from '../store/label-set.ts'
import type { ArithmeticOperator, Grouping, VectorOperation } from './logql-ast.ts'

/** A value an instant, where `present` is 1 there. */
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
    }
  }
  return combined
}

/** At each step the k largest (or, with `sign` -1, smallest) values; what is not among them is absent there. */
export function best (members: Series[], k: number, sign: number): Series[] {
  const chosen = members.map(({ labels, values }) => ({ ...emptySeries(labels, members[0]!.values.length), values: values.slice() }))
  for (let i = 0; i < members[0]!.values.length; i++) {
    members.map((member, index) => ({ member, index })).filter(({ member }) => member.present[i] === 1)
      .sort((a, b) => sign * (b.member.values[i]! - a.member.values[i]!)).slice(0, k)
      .forEach(({ index }) => { chosen[index]!.present[i] = 1 })
  }
  return chosen
}

/** Numbers meet every series; series meet the one of the same labels, or none. */
export function binary (operator: ArithmeticOperator, left: Series[] | number, right: Series[] | number): Series[] | number {
  if (typeof left === 'number' && typeof right === 'number') return calculate(operator, left, right)
  if (typeof right === 'number') return (left as Series[]).map((series) => zip(operator, series, series, undefined, right))
  if (typeof left === 'number') return right.map((series) => zip(operator, series, series, left, undefined))
  const others = new Map(right.map((series) => [labelText(series.labels), series]))
  return left.flatMap((series) => {
    const other = others.get(labelText(series.labels))
    return other === undefined ? [] : [zip(operator, series, other, undefined, undefined)]
  })
}

function zip (operator: ArithmeticOperator, left: Series, right: Series, leftNumber: number | undefined, rightNumber: number | undefined): Series {
  const result = emptySeries(left.labels, left.values.length)
  for (let i = 0; i < left.values.length; i++) {
    if (left.present[i] === 0 || right.present[i] === 0) continue
    result.present[i] = 1
    result.values[i] = calculate(operator, leftNumber ?? left.values[i]!, rightNumber ?? right.values[i]!)
  }
  return result
}

function calculate (operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case '+': return a + b
    case '-': return a - b
    case '*': return a * b
    case '/': return a / b
    case '%': return a % b
    case '^': return a ** b
  }
}
