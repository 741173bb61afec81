import type { EncoderSettings, Mapping, TenantRule } from '../worker/messages/settings.ts'
import { firstDuplicate, parsedBy, InvalidValue, splitList } from './text.ts'

/** No tenant of Loki needs more. LOKEAN_LOKI_MAX_LABELS is the limit that counts. */
export const MAX_LABELS = 100
/** Loki takes 128 pairs an entry. A mapping with more than this is most likely a mistake. */
const MAX_METADATA = 24
/** Loki's default `max_label_name_length`. */
const MAX_NAME_LENGTH = 1024

const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Dots are allowed: Loki turns them into underscores. */
const METADATA_NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/
/** A key of a record. It can have no JSON escapes, and no character of the list's syntax. */
export const FIELD = /^[^\s,={}"\\\p{Cc}]{1,256}$/u

/** `what` is "label" or "metadata", for the error. */
export function checkName (text: string, what: string, name: RegExp = LABEL_NAME): void {
  if (!name.test(text) || text.length > MAX_NAME_LENGTH) {
    throw new InvalidValue(`must have ${what} names that match ${name.source} (${JSON.stringify(text)})`)
  }
  if (text.startsWith('__')) throw new InvalidValue(`must not have names that start with __, which Loki keeps for itself (${JSON.stringify(text)})`)
}

/** Loki's own name for a level, which Grafana reads. Alone, it means the field `level`. */
const LOKIS_LEVEL = 'detected_level'

function parseMappings (text: string, what: string, name: RegExp): Mapping[] {
  return splitList(text).map((entry) => {
    const [left = '', right = left === LOKIS_LEVEL ? 'level' : left, ...rest] = entry.split('=').map((side) => side.trim())
    if (rest.length > 0) throw new InvalidValue(`must be a list of name or name=field (${JSON.stringify(entry)})`)
    checkName(left, what, name)
    if (!FIELD.test(right)) throw new InvalidValue(`must name a key of the record after = (${JSON.stringify(entry)})`)
    return { name: left, field: right }
  })
}

function checkNames (names: readonly string[], most: number): void {
  const twice = firstDuplicate(names)
  if (twice !== undefined) throw new InvalidValue(`must have each name once (${JSON.stringify(twice)} is there twice)`)
  if (names.length > most) throw new InvalidValue(`must have at most ${most} names (there are ${names.length})`)
}

/** Stream labels: `name` or `name=field`. */
export const labels = parsedBy((text) => {
  const mappings = parseMappings(text, 'label', LABEL_NAME)
  checkNames(mappings.map((one) => one.name), MAX_LABELS)
  return mappings
})

/** The name of one label, or undefined for `off`. */
export const labelOrOff = parsedBy((text) => {
  if (text === 'off') return undefined
  checkName(text, 'label')
  return text
})

/** Structured metadata: `name` or `name=field`. `off` gives an empty list. */
export const metadata = parsedBy((text) => {
  if (text === 'off') return []
  const mappings = parseMappings(text, 'metadata', METADATA_NAME)
  checkNames(mappings.map((one) => one.name.replaceAll('.', '_')), MAX_METADATA)
  return mappings
})

const HOST_FORMS = ['asis', 'short', 'lower']

/** `asis`, or one or both of `short` and `lower`. */
export const hostForm = parsedBy((text): EncoderSettings['hostForm'] => {
  const forms = splitList(text.toLowerCase())
  const isKnown = forms.every((form) => HOST_FORMS.includes(form)) && firstDuplicate(forms) === undefined
  if (!isKnown || (forms.includes('asis') && forms.length > 1)) {
    throw new InvalidValue('must be asis, short, lower, or short,lower')
  }
  return { short: forms.includes('short'), lower: forms.includes('lower') }
})

/** Whether Loki takes the text as `X-Scope-OrgID` of one tenant. */
export function isTenant (text: string): boolean {
  return /^[A-Za-z0-9!\-_.*'()]{1,150}$/.test(text) && text !== '.' && text !== '..'
}

export const TENANT_ALLOWED = "must be a tenant of at most 150 letters, digits and !-_.*'() (not . or ..)"

export const fixedTenant = parsedBy((text) => {
  if (!isTenant(text)) throw new InvalidValue(TENANT_ALLOWED)
  return text
})

/** `none`, a tenant, or `{field}`: the tenant is the value of that field of each record. */
export const tenantRule = parsedBy((text): TenantRule => {
  if (text === 'none') return { kind: 'none' }
  const field = /^\{\s*(.*?)\s*\}$/s.exec(text)?.[1]
  if (field !== undefined && FIELD.test(field)) return { kind: 'field', field }
  if (!isTenant(text)) throw new InvalidValue(`${TENANT_ALLOWED}, or {field}, or none`)
  return { kind: 'fixed', tenant: text }
})
