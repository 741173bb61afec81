import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// All threads share the flag, so none may take it back: another thread may be about to ask for `gc`.
setFlagsFromString('--expose-gc')

/**
 * Collects the garbage of this thread at once. The threads make so little of it that V8 would not collect it for hours,
 * though a few small objects may hold hundreds of MiB outside of the heap.
 */
export function collectGarbage (): void {
  const collect = runInNewContext('gc') as () => void
  collect()
}
