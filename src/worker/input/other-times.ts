/** A time that is longer is none. */
export const MOST_TIME_BYTES = 128

/** Of ASCII only: `written` may be bytes as Latin-1, where a no-break space is half a character or none. */
const BLANKS = /^[\t-\r ]+|[\t-\r ]+$/g

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const CLOCK = String.raw`(?<hour>\d\d?):(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d+))?`
const ZONE = String.raw`(?: ?(?<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?`

/** The forms of a date and a time that are read besides RFC 3339. A time without a zone is UTC. */
const FORMS = [
  // 2026-01-02 03:04:05,678+0000 and 2026/01/02 03:04:05
  String.raw`(?<year>\d{4})[-/](?<month>\d\d)[-/](?<day>\d\d)(?:T| {1,2})${CLOCK}${ZONE}`,
  // Fri Jan 02 03:04:05 2026, and Jan  2 03:04:05 of RFC 3164, which has no year
  String.raw`(?:[a-z]{3} +)?(?<month>[a-z]{3}) +(?<day>\d\d?)(?: +(?<year>\d{4}))? +${CLOCK}${ZONE}(?: +(?<lastYear>\d{4}))?`,
  // Fri, 02 Jan 2026 03:04:05 +0000 and 02/Jan/2026:03:04:05 +0000
  String.raw`(?:[a-z]{3}, *)?(?<day>\d\d?)[ /-](?<month>[a-z]{3})[ /-](?<year>\d{4})[: ]${CLOCK}${ZONE}`
].map(form => new RegExp(`^${form}$`, 'i'))

/** Unix time, whose number of digits tells its unit: below each of these limits, so many of it are a second. */
const UNITS: ReadonlyArray<readonly [limit: bigint, digits: number]> = [[10n ** 11n, 0], [10n ** 14n, 3], [10n ** 17n, 6], [10n ** 20n, 9]]

/**
 * The time as RFC 3339 writes it; undefined where no form fits. Whether there is such a day and hour is left to whoever
 * reads the result. A time without a year gets the one that makes it nearest to `nowMs`.
 */
export function rfc3339 (written: string, nowMs: number): string | undefined {
  const text = written.replace(BLANKS, '')
  const unix = /^(\d{1,20})(?:[.,](\d+))?$/.exec(text)
  if (unix !== null) return ofUnix(BigInt(unix[1]!), unix[2] ?? '')
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups
    if (groups !== undefined) return ofParts(groups, nowMs)
  }
  return undefined
}

function ofUnix (whole: bigint, fraction: string): string | undefined {
  const digits = UNITS.find(([limit]) => whole < limit)?.[1]
  if (digits === undefined) return undefined
  const nanos = BigInt(`${whole}${fraction.padEnd(9, '0').slice(0, 9 - digits)}`)
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`
}

function ofParts (parts: Record<string, string | undefined>, nowMs: number): string | undefined {
  const { day = '', hour = '', minute = '', second = '', fraction, zone = 'Z' } = parts
  const month = monthOf(parts.month ?? '')
  const year = parts.year ?? parts.lastYear ?? nearestYear([month - 1, Number(day), Number(hour), Number(minute)], nowMs)
  if (year === undefined) return undefined
  const date = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}`
  return `${date}${fraction === undefined ? '' : `.${fraction.slice(0, 9)}`}${zoneOf(zone)}`
}

/** From 1; 0 where there is no such month. */
function monthOf (text: string): number {
  return /\d/.test(text) ? Number(text) : MONTHS.indexOf(text.toLowerCase()) + 1
}

/** Undefined where no year nearby has the day. */
function nearestYear ([month, day, hour, minute]: readonly [number, number, number, number], nowMs: number): string | undefined {
  const present = new Date(nowMs).getUTCFullYear()
  // A 29th of February may be four years away.
  const near = [0, -1, 1, -2, 2, -3, 3, -4, 4].map(step => new Date(Date.UTC(present + step, month, day, hour, minute)))
  const away = (date: Date): number => Math.abs(date.getTime() - nowMs)
  const [nearest] = near.filter(date => date.getUTCMonth() === month).sort((a, b) => away(a) - away(b))
  return nearest === undefined ? undefined : String(nearest.getUTCFullYear())
}

function zoneOf (zone: string): string {
  const [, hours, minutes = '00'] = /^([+-]\d\d):?(\d\d)?$/.exec(zone) ?? []
  return hours === undefined ? 'Z' : `${hours}:${minutes}`
}

function two (value: number | string): string {
  return String(value).padStart(2, '0')
}
