import { setFlagsFromString } from 'node:v8'
import type { ResourceLimits } from 'node:worker_threads'

/*
 * A thread is ended, be it full or hanging, where its code next looks for interrupts, and compiled code looks in each round of a loop. From
 * V8 12.9 on the pass that unrolls loops takes that look from a loop in which an array of constant length is filled (8 to 5,000 elements:
 * the loop that fills it is short, and what is marked as not worth a look is the one around it). A thread in
 * `for (;;) rows.push(new Array(1000).fill(0))` then heeds neither its limit nor `terminate()`, and grows until the process is killed.
 * Without that pass it does. Node 22's has the flag, and has it off; Node 20 knows none of the kind, and would say so.
 */
if (Number.parseInt(process.versions.node) >= 22) setFlagsFromString('--no-turboshaft-loop-unrolling')

/**
 * So that a thread ends by ERR_WORKER_OUT_OF_MEMORY where its JavaScript heap outgrows so many MiB. Of what lies outside the heap (buffers,
 * WebAssembly memory) it says nothing.
 *
 * Past the limit Node grants 16 MiB for the thread to end in, and V8 ends the whole process where these do not do. What survives of the
 * young generation must have room in them, so it is kept below that. A single array or map that grows by more at once has none.
 */
export function heapLimits (mib: number): ResourceLimits {
  return { maxOldGenerationSizeMb: mib, maxYoungGenerationSizeMb: 8 }
}
