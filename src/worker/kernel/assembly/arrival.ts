import { daySeconds, milliseconds, parse } from './timestamp'
import { two } from './header-bytes'

/** When the batch arrived, as RFC 3339 writes it: the time of a record that has none. */
export let arrival: usize = 0
export let arrivalEnd: usize = 0
/** How many arrivals were set. What was made of a time without a year holds for one. */
export let arrivals: u32 = 0
let nowSeconds: f64 = 0
let nowYear: i32 = 0

export function setArrival (at: usize, length: u32): void {
  arrival = at
  arrivalEnd = at + length
  parse(arrival, arrivalEnd)
  nowSeconds = milliseconds() / 1000
  nowYear = two(at) * 100 + two(at + 2)
  knownMinute = -1
  arrivals++
}

/** The last minute that was asked for, and the answer. Records come in bursts: the next mostly has the same. */
let knownMinute: i32 = -1
let knownYear: i32 = 0

/** A 29th of February may be four years away. */
const MOST_YEARS: i32 = 4

/**
 * The year that brings a day, and a minute of it, nearest to the time of arrival. 0 where no year nearby has the day.
 */
export function nearestYear (month: i32, day: i32, minute: i32): i32 {
  const asked = (month * 100 + day) * 10000 + minute
  if (asked !== knownMinute) {
    knownYear = findYear(month, day, minute * 60)
    knownMinute = asked
  }
  return knownYear
}

function findYear (month: i32, day: i32, daytime: i32): i32 {
  let nearest: i32 = 0
  let least: f64 = Infinity
  // Where this year or the next have the day, none further away can be nearer.
  for (let step = 0; step <= MOST_YEARS && (step < 2 || nearest === 0); step++) {
    for (let year = nowYear - step; year <= nowYear + step; year += max(1, 2 * step)) {
      const away = abs(daySeconds(year, month, day) + <f64>daytime - nowSeconds)
      if (away < least) {
        least = away
        nearest = year
      }
    }
  }
  return nearest
}
