const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const SECOND = 1_000_000_000n

/** Reads a time of any form as nanoseconds since the epoch, word by word. `now` in milliseconds. */
export function timeOf (text: string, now: number): bigint | undefined {
  if (/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return timeOfWords(text.replace(/[Tt]/, ' ').toUpperCase(), now)
  if (text.length > 128) return undefined
  const plain = text.replace(/^[ \t\r\n\f\v]+|[ \t\r\n\f\v]+$/g, '')
  const [whole, fraction = '', ...more] = plain.split(/[.,]/)
  if (/^\d{1,20}$/.test(whole) && /^\d*$/.test(fraction) && more.length === 0 && !/[.,]$/.test(plain)) {
    const unit = [[11, 9], [14, 6], [17, 3], [20, 0]].find(([digits]) => BigInt(whole) < 10n ** BigInt(digits))
    return unit && BigInt(whole) * 10n ** BigInt(unit[1]) + BigInt(fraction.padEnd(9, '0').slice(0, unit[1]) || '0')
  }
  return timeOfWords(plain.toUpperCase(), now)
}

/** Takes the clock and the zone out, and reads what is left as the date. */
function timeOfWords (text: string, now: number): bigint | undefined {
  const clock = /[T :]? ?(?<!\d)(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?( ?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?(?= |$)/.exec(text)
  if (clock === null) return undefined
  const [all, hour, minute, second, fraction = '', zone = 'Z'] = clock
  const date = dateOf(text.slice(0, clock.index), text.slice(clock.index + all.length), all)
  if (date === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const [year, month, day] = date
  const utc = (year: number): number => Date.parse(`${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${minute}:00Z`)
  const isReal = (year: number): boolean => new Date(utc(year)).getUTCDate() === Number(day)
  const years = year === undefined
    ? [-4, -3, -2, -1, 0, 1, 2, 3, 4].map(step => new Date(now).getUTCFullYear() + step).filter(isReal)
        .sort((a, b) => Math.abs(utc(a) - now) - Math.abs(utc(b) - now))
    : [Number(year)]
  if (years.length === 0 || !isReal(years[0])) return undefined
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):?(\d\d)?/.exec(zone) ?? []
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  const offset = BigInt((Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60))
  return BigInt(utc(years[0])) * 1_000_000n + (BigInt(second) - offset) * SECOND + BigInt(fraction.padEnd(9, '0').slice(0, 9))
}

const two = (value: string | number): string => String(value).padStart(2, '0')

/** Year, month and day; the year is undefined where there is none. */
function dateOf (before: string, behind: string, clock: string): [string | undefined, number, string] | undefined {
  const numbers = /^(\d{4})[-/](\d\d)[-/](\d\d)$/.exec(before)
  if (numbers !== null) return behind === '' && /^(T| {1,2})\d/.test(clock) ? [numbers[1], Number(numbers[2]), numbers[3]] : undefined
  const named = (name: string): number => MONTHS.findIndex(month => month.toUpperCase() === name) + 1
  const last = /^ +(\d{4})$/.exec(behind)?.[1]
  const monthFirst = /^(?:[A-Z]{3} +)?([A-Z]{3}) +(\d\d?)(?: +(\d{4}))? *$/.exec(before)
  if (monthFirst !== null && clock.startsWith(' ')) {
    if (behind !== '' && last === undefined) return undefined
    return named(monthFirst[1]) === 0 ? undefined : [monthFirst[3] ?? last, named(monthFirst[1]), monthFirst[2]]
  }
  const dayFirst = /^(?:[A-Z]{3}, *)?(\d\d?)[ /-]([A-Z]{3})[ /-](\d{4})$/.exec(before)
  if (dayFirst === null || behind !== '' || !/^[: ]\d/.test(clock)) return undefined
  return named(dayFirst[2]) === 0 ? undefined : [dayFirst[3], named(dayFirst[2]), dayFirst[1]]
}
