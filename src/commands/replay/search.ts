import type { ReplayOptions } from '../../cli/arguments.ts'
import { letterFiles, readLetters, type Unreadable } from './dead-letters.ts'
import { type FoundEntry, labelOf, quarantineReason } from './found-entry.ts'
import { Pieces } from './pieces.ts'
import { quarantineQuery, type Span } from './quarantine.ts'

/** What was found: entries with their whole lines, pieces of lines that are not all there, and what is no entry. */
export interface Page { entries: FoundEntry[], incomplete: FoundEntry[], unreadable: Unreadable[] }

type Filter = Pick<ReplayOptions, 'reasons' | 'labels'>

const NOTHING: Page = { entries: [], incomplete: [], unreadable: [] }

/** Reads what is in quarantine of the tenants, one after the other. `read`: all entries of a query. */
export async function * searchQuarantine (
  tenants: readonly string[], filter: Filter, read: (tenant: string, query: string) => AsyncIterable<FoundEntry[]>
): AsyncGenerator<Page> {
  for (const tenant of tenants) {
    const pieces = new Pieces()
    for await (const found of read(tenant, quarantineQuery(filter.reasons))) yield { ...NOTHING, entries: whole(found, pieces, filter) }
    yield { ...NOTHING, incomplete: [...pieces.incomplete()].filter(entry => isSelected(entry, filter)) }
  }
}

/** Reads dead letters that were written in the span. */
export async function * searchLetters (path: string, { from, to }: Span, filter: Filter): AsyncGenerator<Page> {
  const pieces = new Pieces()
  for await (const { letters, unreadable } of readLetters(await letterFiles(path))) {
    const found = letters.filter(({ writtenMs }) => BigInt(writtenMs) * 1_000_000n >= from && BigInt(writtenMs) * 1_000_000n < to)
    yield { ...NOTHING, entries: whole(found.map(({ entry }) => entry), pieces, filter), unreadable }
  }
  const incomplete = [...pieces.incomplete()].filter(entry => isSelected(entry, filter))
  // The other pieces of an ordinary line are in Loki.
  yield {
    entries: incomplete.filter(entry => quarantineReason(entry) === undefined),
    incomplete: incomplete.filter(entry => quarantineReason(entry) !== undefined),
    unreadable: []
  }
}

function whole (found: readonly FoundEntry[], pieces: Pieces, filter: Filter): FoundEntry[] {
  return found.flatMap(entry => pieces.add(entry) ?? []).filter(entry => isSelected(entry, filter))
}

function isSelected (entry: FoundEntry, { reasons, labels }: Filter): boolean {
  return (reasons.length === 0 || reasons.includes(quarantineReason(entry) ?? 'refused')) &&
    labels.every(({ name, value }) => labelOf(entry, name) === value)
}
