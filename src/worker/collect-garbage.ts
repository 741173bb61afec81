import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Collects the garbage of this thread at once. A worker makes so little of it that V8 would not collect it for hours,
 * though a few small objects may hold hundreds of MiB outside of the heap.
 */
export function collectGarbage (): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  collect()
}
