import type { Batch } from '../batch/batch.ts'
import type { PartTicket } from '../sink/sink.ts'
import type { EncodeResult } from '../worker/messages/tasks.ts'

/**
 * Encodes a batch on a worker thread. `transfer`: see EncodeTask. Rejects only when the pipeline closes. The batch
 * stays unsettled then.
 */
export type Encode = (batch: Batch, transfer: boolean) => Promise<EncodeResult>

/** What stands around the stages for one who must know what becomes of each batch. */
export interface Around {
  encode (encode: Encode): Encode
  /** The ticket that the parts of the batch get. */
  ticket (batch: Batch, ticket: PartTicket): PartTicket
}
