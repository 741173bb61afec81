import { Budget } from './budget.ts'
import { Commons } from './commons.ts'

const MIB = 2 ** 20

/** The least that an own part is: six frames of the bus, or the largest message of a socket. */
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
  if (count === 1) return new Map(addresses.map(address => [address, new Budget(address, total)]))
  const reserve = Math.min(Math.max(LEAST_RESERVE, Math.floor(total / 4)), MOST_RESERVE)
  const own = Math.max(LEAST_OWN, Math.floor((total - reserve) / (4 * count)))
  const commons = new Commons(total - reserve - count * own, reserve)
  return new Map(addresses.map(address => [address, new Budget(address, own, commons)]))
}
