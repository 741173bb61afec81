import { withLabel } from './labels.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * The number of the span of time that the backlog stream of a record has. A span is as long as a stream may be out of
 * order: so no writer can put another's records too far behind, whatever it brings.
 */
export function backlogSpan (timeMs: number, maxDisorderMs: number): number {
  return Math.floor(timeMs / spanMs(maxDisorderMs))
}

/** The labels of the backlog stream for a span of the stream with `labels`: `backlog="2026-11-27T10"` is one more. */
export function backlogLabels (labels: string, name: string, span: number, maxDisorderMs: number): string {
  const length = spanMs(maxDisorderMs)
  const characters = length % HOUR === 0 ? 13 : length % MINUTE === 0 ? 16 : length % SECOND === 0 ? 19 : 23
  return withLabel(labels, name, new Date(span * length).toISOString().slice(0, characters))
}

/** With no disorder at all allowed, each record would have a stream of its own. */
function spanMs (maxDisorderMs: number): number {
  return Math.max(SECOND, maxDisorderMs)
}
