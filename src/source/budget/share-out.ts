import { Budget } from './budget.ts'
import { Commons } from './commons.ts'

const MIB = 2 ** 20

/**
 * The least that an own part is: six frames of the bus, the largest message of a socket, or the room of a listener for
 * frames of the default size.
 */
const LEAST_OWN = 384 * 1024

const LEAST_RESERVE = MIB
/** A worker must handle a message as one. */
const MOST_RESERVE = 128 * MIB

/** The least budget of so many addresses. It holds their own parts and a reserve. */
export function leastBudget (addresses: number): number {
  return addresses * MIB
}

/**
 * Shares `total` bytes out to the addresses. One address has all of it. Of several, a quarter is the reserve, a quarter
 * of the rest are own parts (or more, where those would be too small), and all else is the pool.
 */
export function shareOut (total: number, addresses: readonly string[]): Map<string, Budget> {
  const count = addresses.length
  const own = ownPart(total, count)
  if (count === 1) return new Map(addresses.map(address => [address, new Budget(address, own)]))
  const reserve = reserveOf(total)
  const commons = new Commons(total - reserve - count * own, reserve)
  return new Map(addresses.map(address => [address, new Budget(address, own, commons)]))
}

/** What of `total` bytes is each address's alone. */
export function ownPart (total: number, addresses: number): number {
  return addresses === 1 ? total : Math.max(LEAST_OWN, Math.floor((total - reserveOf(total)) / (4 * addresses)))
}

function reserveOf (total: number): number {
  return Math.min(Math.max(LEAST_RESERVE, Math.floor(total / 4)), MOST_RESERVE)
}
