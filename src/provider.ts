/**
 * Gives what a peer is met with: login, certificates and authorities. They come from files that change while the
 * process runs, so whoever connects asks anew.
 */
export interface Provider<T> {
  /** As of the last look at the files. It is the same object until something in it changes. */
  readonly current: T
  /** Looks at the files first. To be called at each connect, and when a peer refuses what it was given. */
  refresh (): T
}

/** Gives what does not change. */
export function fixed<T> (current: T): Provider<T> {
  return { current, refresh: () => current }
}
