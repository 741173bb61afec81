import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'

const cleanups = new WeakMap<TestContext, Cleanup>()

/** Owns what a test opens. It closes everything in reverse order, then checks that nothing is left open. */
export class Cleanup {
  readonly #closers: Array<() => unknown> = []

  /** The cleanup of the test, made at the first call. */
  static of (t: TestContext): Cleanup {
    const cleanup = cleanups.get(t) ?? new Cleanup(t)
    cleanups.set(t, cleanup)
    return cleanup
  }

  private constructor (t: TestContext) {
    const before = openResources()
    t.after(async () => {
      for (const close of this.#closers.reverse()) await close()
      await nothingLeft(before)
    })
  }

  add (close: () => unknown): void {
    this.#closers.push(close)
  }
}

/** Sockets, servers, threads and timers of this process, by kind. */
function openResources (): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) {
    // These belong to the test runner, or live only for the present turn of the event loop.
    if (/^(PipeWrap|TTYWrap|Immediate|CloseReq|FSReqPromise|FSReqCallback)$/.test(kind)) continue
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

/** Waits a few turns of the event loop, because handles close late. Fails if something is still open then. */
async function nothingLeft (before: Map<string, number>): Promise<void> {
  let left: string[] = []
  for (let turn = 0; turn < 2000; turn++) {
    left = [...openResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind, count]) => `${count} ${kind}`)
    if (left.length === 0) return
    await new Promise(resolve => { setImmediate(resolve) })
  }
  assert.fail(`left open: ${left.join(', ')}`)
}
