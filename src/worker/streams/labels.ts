/** Loki's limit on a label value, in bytes (limits_config.max_label_value_length). */
export const MAX_LABEL_VALUE_BYTES = 2048

/**
 * The labels of a stream as Loki parses them: `{cloud="cloud1", host="h"}`, sorted by name, without empty values.
 * Values are quoted as by Go's strconv.Quote. So no value, whatever its bytes, can end its quotes and name another
 * stream. U+FFFD, which replaces bytes that are not UTF-8, becomes a question mark: Loki 3.4 takes U+FFFD, escaped or
 * not, for such bytes, and rejects the push.
 */
export function formatLabels (pairs: ReadonlyArray<readonly [name: string, value: string]>): string {
  const sorted = pairs.filter(([, value]) => value !== '').sort(([a], [b]) => a < b ? -1 : 1)
  return `{${sorted.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`
}

/** The labels that formatLabels wrote. The values stay escaped. */
export function parseLabels (labels: string): Array<[name: string, value: string]> {
  return [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value])
}

/** The labels that formatLabels wrote, with their values as they were. Its escapes are those of JSON. */
export function labelValues (labels: string): Map<string, string> {
  return new Map(parseLabels(labels).map(([name, value]) => [name, JSON.parse(`"${value}"`) as string]))
}

/** The labels that formatLabels wrote, with one more, whose value needs no quoting. */
export function withLabel (labels: string, name: string, value: string): string {
  const sorted = [...parseLabels(labels), [name, value] as const].sort(([a], [b]) => a < b ? -1 : 1)
  return `{${sorted.map(([name, value]) => `${name}="${value}"`).join(', ')}}`
}

function quote (value: string): string {
  return `"${value.replace(/[\p{Cs}\ufffd]/gu, '?').replace(/["\\\p{Cc}\ufeff\u2028\u2029]/gu, escapeCharacter)}"`
}

function escapeCharacter (character: string): string {
  switch (character) {
    case '"': return '\\"'
    case '\\': return '\\\\'
    case '\n': return '\\n'
    case '\r': return '\\r'
    case '\t': return '\\t'
    default: return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  }
}

/** The end of at most `limit` bytes of `[start, end)`, between two characters. The bytes must be valid UTF-8. */
export function cutAt (bytes: Uint8Array, start: number, end: number, limit: number): number {
  if (end - start <= limit) return end
  let at = start + limit
  while (at > start && (bytes[at]! & 0xc0) === 0x80) at--
  return at
}

/**
 * Whether Loki takes this value as a tenant (its docs, "Multi-tenancy"): up to 150 of these characters, but no path.
 */
export function isTenant (value: string): boolean {
  return /^[a-zA-Z0-9!\-_.*'()]{1,150}$/.test(value) && value !== '.' && value !== '..'
}

/** FNV-1a, 32 bits. */
export function hashBytes (bytes: Uint8Array, start: number, end: number, seed = 0x811c9dc5): number {
  let hash = seed
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash >>> 0
}

/** The shard of a stream. Every worker gives a stream the same shard. */
export function shardOf (labels: string, tenant: string, shards: number): number {
  const bytes = Buffer.from(`${tenant}\0${labels}`)
  return hashBytes(bytes, 0, bytes.length) % shards
}
