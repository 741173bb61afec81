import { setFlagsFromString } from 'node:v8'

/*
 * V8's young generation keeps its first size of a megabyte, in every thread, from the first import on. The daemon makes
 * little garbage, as records never become objects. V8 would let the young generation grow to 50 MiB, and use no less
 * CPU.
 */
setFlagsFromString('--semi-space-growth-factor=1')

/** For code that makes many objects: the embedded bus and store, the generator. */
export function letYoungGenerationGrow (): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
