import { setTimeout as realTimeout } from 'node:timers/promises'

/** Bound at load time, so that it goes on working in a test that mocks the timers. */
const pause = realTimeout

/** Looks at `condition` over and over until it holds. What never holds fails the test by name, instead of hanging it. */
export async function until (what: string, condition: () => boolean, deadlineMs = 15_000): Promise<void> {
  const start = performance.now()
  while (!condition()) {
    if (performance.now() - start > deadlineMs) throw new Error(`waited in vain until ${what}`)
    await pause(2)
  }
}

/** Lets everything that is ready to run, run: promise reactions and one turn of the event loop. */
export async function turn (): Promise<void> {
  await new Promise<void>(resolve => { setImmediate(resolve) })
}
