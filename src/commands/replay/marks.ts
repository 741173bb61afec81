/** Names an entry, and where its mark belongs. */
export interface Marked { readonly id: string, readonly tenant: string, readonly address: string }

/**
 * Remembers what is replayed, so that another run leaves it out. What is marked is stored; what was stored when the
 * process died may not be marked.
 */
export interface Marks {
  /** Reads the marks of a tenant, so that `has` knows them. */
  load (tenant: string): Promise<void>
  has (id: string): boolean
  /** Resolves when the marks are safe. */
  add (marked: readonly Marked[]): Promise<void>
  close (): Promise<void>
}
