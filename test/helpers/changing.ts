import type { Provider } from '../../src/provider.ts'

/** Gives what stands in the files, of which it knows only after a look. */
export class Changing<T> implements Provider<T> {
  current: T
  /** What stands in the files. */
  files: T

  constructor (value: T) {
    this.current = value
    this.files = value
  }

  refresh (): T {
    this.current = this.files
    return this.current
  }
}
