/** The largest transaction number; the next one is 1. */
const MOST_TXNR = 999_999_999

export function after (txnr: number): number {
  return txnr === MOST_TXNR ? 1 : txnr + 1
}

/** So many numbers earlier. */
export function before (txnr: number, count: number): number {
  return (txnr - 1 - count + MOST_TXNR) % MOST_TXNR + 1
}

/** How many numbers earlier `earlier` is. */
export function distance (earlier: number, txnr: number): number {
  return (txnr - earlier + MOST_TXNR) % MOST_TXNR
}

/** Whether the number came behind `earlier`. Those that are compared are not further apart than half of all. */
export function isBehind (earlier: number, txnr: number): boolean {
  return txnr !== earlier && distance(earlier, txnr) < MOST_TXNR / 2
}
