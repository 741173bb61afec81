import type { Quantity } from './quantity.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** A condition on one label. An absent label has the value ''. */
export interface Matcher {
  name: string
  operator: MatchOperator
  value: string
  test (value: string): boolean
}

/** Keeps a line that contains one of these texts or matches one of these expressions; negated, a line that does not. */
export interface LineFilter {
  kind: 'line'
  negated: boolean
  texts: Buffer[]
  patterns: RegExp[]
}

/** A comparison of a label's value as a number. */
export interface Comparison {
  kind: 'compare'
  name: string
  operator: ComparisonOperator
  quantity: Quantity
  value: number
}

export type Condition =
  | Comparison
  | { kind: 'match', matcher: Matcher }
  | { kind: 'and', left: Condition, right: Condition }
  | { kind: 'or', left: Condition, right: Condition }

export interface LabelFilter {
  kind: 'label'
  condition: Condition
}

/** Removes the named labels (with a matcher: only where it holds), or, with `keep`, all others. */
export interface LabelSelection {
  kind: 'drop' | 'keep'
  labels: Array<{ name: string, matcher?: Matcher }>
}

/** Makes labels of the line: of all that it holds, or, with extractions, of these places in it. */
export interface Parser {
  kind: 'parser'
  format: 'json' | 'logfmt'
  strict: boolean
  keepEmpty: boolean
  extractions: Array<{ name: string, path: string[] }>
}

export type Stage = LineFilter | LabelFilter | LabelSelection | Parser

export interface LogQuery {
  kind: 'log'
  matchers: Matcher[]
  stages: Stage[]
}

export type RangeOperation = 'count_over_time' | 'rate' | 'bytes_over_time' | 'bytes_rate'
export type VectorOperation = 'sum' | 'min' | 'max' | 'avg' | 'count' | 'stddev' | 'stdvar' | 'topk' | 'bottomk'
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^'
export type ComparisonOperator = '==' | '!=' | '>' | '>=' | '<' | '<='
export type SetOperator = 'and' | 'or' | 'unless'
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator

export interface RangeAggregation {
  kind: 'range'
  operation: RangeOperation
  query: LogQuery
  /** In ns. */
  range: number
  offset: number
}

export interface Grouping {
  without: boolean
  labels: string[]
}

export interface VectorAggregation {
  kind: 'vector'
  operation: VectorOperation
  /** The k of topk and bottomk. */
  parameter: number
  grouping: Grouping | undefined
  inner: MetricQuery
}

export interface BinaryOperation {
  kind: 'binary'
  operator: BinaryOperator
  /** Where true, a comparison gives 0 or 1. Else it leaves out values for which it does not hold. */
  bool: boolean
  left: MetricQuery
  right: MetricQuery
}

export type MetricQuery =
  | RangeAggregation
  | VectorAggregation
  | BinaryOperation
  | { kind: 'number', value: number }
  | { kind: 'constant', value: number } // vector(1): one series without labels

export type Query = LogQuery | MetricQuery
