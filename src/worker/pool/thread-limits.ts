import { setFlagsFromString } from 'node:v8'
import type { ResourceLimits } from 'node:worker_threads'

/*
 * V8 ends a thread, full or hung, when its code next checks for interrupts. Compiled code checks in each round of a
 * loop. From V8 12.9 on, the pass that unrolls loops removes this check from a loop that fills an array of constant
 * length (8 to 5,000 elements): it treats the outer loop as the short inner one. A thread in `for (;;) rows.push(new
 * Array(1000).fill(0))` then heeds neither its limit nor `terminate()`, and grows until the system kills the process.
 * This flag turns the pass off. In Node 22 the pass is off already; Node 20 has no such flag, and would warn of it.
 */
if (Number.parseInt(process.versions.node) >= 22) setFlagsFromString('--no-turboshaft-loop-unrolling')

/**
 * Limits that end a thread with ERR_WORKER_OUT_OF_MEMORY where its JavaScript heap exceeds so many MiB. Memory outside
 * the heap (buffers, WebAssembly memory) has no limit here.
 *
 * Beyond the limit, Node grants 16 MiB in which the thread can end. Where these do not suffice, V8 ends the whole
 * process. The survivors of the young generation must fit into them, so the young generation is smaller. A single array
 * or map that grows by more at once does not fit.
 */
export function heapLimits (mib: number): ResourceLimits {
  return { maxOldGenerationSizeMb: mib, maxYoungGenerationSizeMb: 8 }
}
