import { setTimeout as realTimeout } from 'node:timers/promises'

/** Bound at load time, so that it still works in a test that mocks the timers. */
const pause = realTimeout

/**
 * Checks `condition` over and over until it holds. Past the deadline the test fails with the name `what`, and does not
 * hang.
 */
export async function until (what: string, condition: () => boolean, deadlineMs = 15_000): Promise<void> {
  const start = performance.now()
  while (!condition()) {
    if (performance.now() - start > deadlineMs) throw new Error(`waited in vain until ${what}`)
    await pause(2)
  }
}

/** Runs everything that is ready: promise reactions and one turn of the event loop. */
export async function turn (): Promise<void> {
  await new Promise<void>(resolve => { setImmediate(resolve) })
}
