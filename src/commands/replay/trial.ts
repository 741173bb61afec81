import type { Batch } from '../../batch/batch.ts'
import type { Encode } from '../../pipeline/around.ts'
import type { EncodeResult } from '../../worker/messages/tasks.ts'
import { QUARANTINE_REASONS, type QuarantineReason } from '../../worker/messages/reasons.ts'
import { mergeResults } from '../../worker/pool/merge-results.ts'

/** How many records of a message would go to quarantine again, by reason, and whether others of it can be stored. */
export interface Fault { readonly reasons: ReadonlyMap<QuarantineReason, number>, readonly inPart: boolean }

/**
 * Encodes a batch without what would go to quarantine again: that stays where it is. Where a batch has such records, it
 * is encoded again in halves, down to the messages at fault, of which `onFault` is told: nothing of them is in the
 * result. Only where other records of the same message can be stored, the message is in it as a whole.
 */
export async function encodeWithoutFaults (
  encode: Encode, batch: Batch, transfer: boolean, onFault: (message: number, fault: Fault) => void
): Promise<EncodeResult> {
  const attempt = async (from: number, to: number, transfer: boolean): Promise<EncodeResult[]> => {
    const result = await encodeRange(encode, batch, from, to, transfer)
    const faults = result.quarantined.reduce((sum, count) => sum + count, 0)
    if (faults === 0) return [result]
    if (to - from === 1) {
      const inPart = faults < result.records
      onFault(from, { reasons: reasonsOf(result), inPart })
      return inPart ? [result] : []
    }
    const middle = Math.ceil((from + to) / 2)
    // In the memory of the batch, the parts of one half would lie where the other half is.
    return [...await attempt(from, middle, true), ...await attempt(middle, to, true)]
  }
  const results = await attempt(0, batch.messages, transfer)
  const [first] = results
  return results.length === 1 && first !== undefined ? first : mergeResults(results)
}

/** Encodes the messages `from` up to `to` (not included). A worker that fails gets other memory for the batch. */
export async function encodeRange (encode: Encode, batch: Batch, from: number, to: number, transfer: boolean): Promise<EncodeResult> {
  const range = { ...batch, messages: to - from, starts: batch.starts.slice(from, to), ends: batch.ends.slice(from, to) }
  try {
    return await encode(range, transfer)
  } finally {
    batch.bytes = range.bytes
  }
}

function reasonsOf ({ quarantined }: EncodeResult): Map<QuarantineReason, number> {
  return new Map(QUARANTINE_REASONS.map((reason, i) => [reason, quarantined[i] ?? 0] as const).filter(([, count]) => count > 0))
}
