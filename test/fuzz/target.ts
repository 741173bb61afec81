/**
 * A target takes any bytes. It throws where a promise is broken. It returns what it saw of the input where coverage
 * cannot show it, as in the kernel's WebAssembly. Inputs with a new answer are kept, like those that reach new code.
 */
export interface Target {
  name: string
  run (input: Buffer): Iterable<string>
  /** Pieces from which inputs of this target are made. */
  words: readonly Buffer[]
  /** The first inputs, besides the kept ones. */
  seeds (): Buffer[]
}

export function words (...all: Array<string | Uint8Array>): Buffer[] {
  return all.map(one => Buffer.from(one as string))
}
