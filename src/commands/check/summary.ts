import { TAKES_PUSHES } from './answer.ts'
import type { CheckEntry } from './entry.ts'
import type { Finding } from './finding.ts'

/** A push of the check, and what its answer says. */
export interface Tried { entry: CheckEntry, finding: Finding }

/** So many failures of an endpoint are told, and so many places. */
const MOST_TOLD = 3

/** Tells the failures, or else what limits a tenant, or else that all is well. */
export function summary (tried: readonly Tried[], entries: readonly CheckEntry[]): Finding {
  const failed = tried.filter(({ finding }) => !finding.ok)
  const notable = failed.length > 0 ? failed : tried.filter(({ finding }) => !finding.detail.startsWith(TAKES_PUSHES))
  if (notable.length === 0) return tried[0]?.finding ?? { ok: true, detail: TAKES_PUSHES }
  const told = notable.map(({ entry, finding }) => `${called(entry, entries)}${finding.detail}`)
  const hints = [...new Set(notable.slice(0, MOST_TOLD).map(({ finding }) => finding.hint).filter(hint => hint !== undefined))]
  return { ok: failed.length === 0, detail: some(told, '; '), ...(hints.length === 0 ? {} : { hint: hints.join('; ') }) }
}

/** Where the entries are that Loki has stored. */
export function whereStored (stored: ReadonlyArray<{ tenant: string, labels: string }>): string {
  const places = stored.map(({ tenant, labels }) => tenant === '' ? labels : `${labels} of tenant ${tenant}`)
  return `an entry of this check is now in ${some(places, ' and in ')}`
}

function some (words: readonly string[], between: string): string {
  const more = words.length > MOST_TOLD ? [`and ${words.length - MOST_TOLD} more`] : []
  return [words.slice(0, MOST_TOLD).join(between), ...more].join('; ')
}

/** As whom an entry was pushed, where there is more than one. */
function called ({ tenant, address }: CheckEntry, entries: readonly CheckEntry[]): string {
  const tenants = new Set(entries.map(entry => entry.tenant)).size
  const ofTenant = entries.filter(entry => entry.tenant === tenant).length
  const whose = tenant === '' ? 'without a tenant' : `as tenant ${tenant}`
  const words = [...(tenants > 1 ? [whose] : []), ...(ofTenant > 1 ? [`from ${address}`] : [])]
  return words.length === 0 ? '' : `${words.join(' ')}: `
}
