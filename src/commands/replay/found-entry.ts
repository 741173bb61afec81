import { createHash } from 'node:crypto'
import { QUARANTINE_REASONS, type QuarantineReason } from '../../worker/messages/reasons.ts'

/** An entry as it lies in quarantine in Loki, or in a dead-letter file. */
export interface FoundEntry {
  tenant: string
  labels: Readonly<Record<string, string>>
  /** Nanoseconds since the epoch: the arrival in quarantine; the record's own time in a dead letter of its stream. */
  timestamp: string
  line: string
  metadata: Readonly<Record<string, string>>
}

/** Metadata that Loki adds by itself, which may differ from piece to piece of a line. */
export const ADDED_BY_LOKI = 'detected_level'

/** Why the entry is in quarantine; undefined for a dead letter of an ordinary stream. */
export function quarantineReason ({ labels: { source, quarantine } }: FoundEntry): QuarantineReason | undefined {
  return source === 'lokean' ? QUARANTINE_REASONS.find(reason => reason === quarantine) : undefined
}

/** What metadata tells of the record. Loki renames what has the name of a label of the stream. */
export function told ({ metadata }: FoundEntry, name: string): string | undefined {
  return metadata[`${name}_extracted`] ?? metadata[name]
}

/** The value by which a record is selected: a label of its own, as far as that is known. */
export function labelOf (entry: FoundEntry, name: string): string | undefined {
  return told(entry, name) ?? entry.labels[name]
}

/**
 * The same for the same entry, whenever it is read. The label that Loki adds to a stream does not count: it comes and
 * goes with Loki's settings.
 */
export function idOf ({ tenant, labels, timestamp, line }: FoundEntry): string {
  const own = Object.entries(labels).filter(([name]) => name !== 'service_name').sort()
  return createHash('sha256').update(JSON.stringify([tenant, own, timestamp])).update(line).digest('hex').slice(0, 32)
}
