/** Who waits for a record to be stored, and by which number. */
export interface Owner {
  stored (txnr: number): void
  /** It is answered over another connection of the sender. */
  forget (txnr: number): void
}

/** Who may have sent the record again. */
export interface Repeater {
  repeatedStored (): void
}

/** A record that was received and is not answered. Its bytes are kept, so that it is recognised when it comes again. */
export interface Held {
  /** The delivery that the record came in, whose `[start, end)` it is. Its records share it. */
  message: Buffer
  start: number
  end: number
  stored: boolean
  /** The connections over which the record has come. */
  readonly owners: Array<readonly [owner: Owner, txnr: number]>
  repeaters?: Repeater[]
}

export function markStored (held: Held): void {
  held.stored = true
  for (const [owner, txnr] of held.owners) owner.stored(txnr)
  for (const one of held.repeaters ?? []) one.repeatedStored()
}

export function isSame ({ message, start, end }: Held, bytes: Buffer, from: number, to: number): boolean {
  return end - start === to - from && message.compare(bytes, from, to, start, end) === 0
}
