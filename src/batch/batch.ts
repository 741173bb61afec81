import type { Span } from '../source/source.ts'
import type { DeliveryFormat } from '../worker/messages/tasks.ts'

/** Neighbours in a batch, and the sum of their costs. */
export interface BatchSpan extends Span { cost: number }

/** When the first delivery of a batch came, by a clock in ms that never goes back. It outlives the batch's memory. */
export interface Opened { readonly at: number }

/** Deliveries of one address that go to a worker together. They come from one connection or from many. */
export interface Batch {
  address: string
  format: DeliveryFormat
  opened: Opened
  /** The deliveries, in the order in which they came. */
  spans: BatchSpan[]
  messages: number
  /** The sum of the deliveries' costs. */
  cost: number
  /**
   * The messages, each where it can be copied fast (alignLike). The first `length` bytes are used; `room` bytes may
   * be.
   */
  bytes: SharedArrayBuffer
  room: number
  view: Uint8Array
  length: number
  /** Where each message begins and ends, in `bytes`. There may be other bytes between them. */
  starts: number[]
  ends: number[]
  /** One for each message (Delivery), or none where the source has none. */
  fingerprints: number[]
  /** Which messages their sender has sent before, by index. */
  redelivered: number[]
}
