import type { Row } from '../store/entry-table.ts'
import { labelValue, type Label } from '../store/label-set.ts'
import type { Comparison, Condition, LabelSelection, LineFilter, Matcher, Stage } from './logql-ast.ts'
import { entryMetadata } from '../push/metadata.ts'
import { parseLine, setError } from './parser-stage.ts'
import { valueOf, type Piped } from './piped.ts'
import { readQuantity } from './quantity.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'
import { calculate } from './vector-math.ts'

export function selects (matchers: readonly Matcher[], { labels }: StoredStream): boolean {
  return matchers.every(({ name, test }) => test(labelValue(labels, name) ?? ''))
}

export function selectStreams (store: Store, tenant: string, matchers: readonly Matcher[]): StoredStream[] {
  return store.streams(tenant).filter((stream) => stream.size > 0 && selects(matchers, stream))
}

export const rowLine = (row: Row): string => row.buf.toString('utf8', row.lineStart, row.lineEnd)

/**
 * Runs a stored entry through the stages. Undefined where a stage drops it. The metadata are decoded when a stage first
 * needs them.
 */
export function runStages (stages: readonly Stage[], row: Row, stream: StoredStream, wantLabels = true): Piped | undefined {
  let piped: Piped | undefined
  let line: string | undefined
  const text = (): string => {
    line ??= rowLine(row)
    return line
  }
  const labels = (): Piped => {
    piped ??= { stream: stream.labels, metadata: distinctNames(entryMetadata(row, stream.labels, text), stream.labels), parsed: [] }
    return piped
  }
  for (const stage of stages) {
    if (stage.kind === 'line') {
      if (!passesLine(stage, row, text)) return undefined
    } else if (stage.kind === 'parser') {
      // A sum over all entries needs no labels, so Loki parses nothing for it, unless a stage behind asks for one.
      if (wantLabels || stages.some(({ kind }) => kind === 'label')) parseLine(stage, text(), labels())
    } else if (stage.kind === 'label') {
      if (!holds(stage.condition, labels())) return undefined
    } else {
      const chosen = labels()
      const kept = (all: readonly Label[]): Label[] => all.filter((label) => remains(stage, label))
      piped = { stream: kept(chosen.stream), metadata: kept(chosen.metadata), parsed: kept(chosen.parsed) }
    }
  }
  return wantLabels ? labels() : piped ?? { stream: stream.labels, metadata: [], parsed: [] }
}

/** Metadata with the name of a label of the stream is shown under another name. */
function distinctNames (metadata: Label[], stream: readonly Label[]): Label[] {
  return metadata.map((label) => stream.some(({ name }) => name === label.name) ? { ...label, name: label.name + '_extracted' } : label)
}

function passesLine (filter: LineFilter, row: Row, text: () => string): boolean {
  const found = filter.texts.some((wanted) => wanted.length === 0 || row.buf.subarray(row.lineStart, row.lineEnd).includes(wanted)) ||
    filter.patterns.some((pattern) => pattern.test(text()))
  return found !== filter.negated
}

function holds (condition: Condition, labels: Piped): boolean {
  if (condition.kind === 'and') return holds(condition.left, labels) && holds(condition.right, labels)
  if (condition.kind === 'or') return holds(condition.left, labels) || holds(condition.right, labels)
  if (condition.kind === 'compare') return compares(condition, labels)
  return condition.matcher.test(valueOf(labels, condition.matcher.name) ?? '')
}

/** What cannot be compared passes, with an error that a later stage may look for. */
function compares ({ name, operator, quantity, value }: Comparison, labels: Piped): boolean {
  const text = valueOf(labels, name)
  if (text === undefined) return false
  const read = readQuantity(text, quantity)
  if (typeof read === 'number') return calculate(operator, read, value) === 1
  setError(labels, 'LabelFilterErr', read.fault)
  return true
}

function remains (selection: LabelSelection, { name, value }: Label): boolean {
  const named = selection.labels.some((label) => label.name === name && (label.matcher === undefined || label.matcher.test(value)))
  return named === (selection.kind === 'keep')
}
