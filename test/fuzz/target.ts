/**
 * What is fuzzed: a function of any bytes. It throws where a promise is broken, and returns what it saw of the input, if coverage would
 * not show it (the kernel's code is WebAssembly): inputs that show something new are kept, like those that reach new code.
 */
export interface Target {
  name: string
  run (input: Buffer): Iterable<string>
  /** Pieces that such input is made of. */
  words: readonly Buffer[]
  /** Inputs to begin with, besides the kept ones. */
  seeds (): Buffer[]
}

export function words (...all: Array<string | Uint8Array>): Buffer[] {
  return all.map(one => Buffer.from(one as string))
}
