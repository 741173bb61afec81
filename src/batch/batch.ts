import type { Span } from '../source/source.ts'
import type { DeliveryFormat } from '../worker/messages.ts'

/** Deliveries of one address that go to a worker together, of one connection or of many. */
export interface Batch {
  address: string
  format: DeliveryFormat
  /** Its deliveries, in the order in which they came. */
  spans: Span[]
  messages: number
  /** What its deliveries take of the budget. */
  cost: number
  /** The messages, each where it can be copied fast (alignLike); `length` bytes of it are used, and `room` are for them. */
  bytes: SharedArrayBuffer
  room: number
  view: Uint8Array
  length: number
  /** Where each message begins and ends. */
  starts: number[]
  ends: number[]
}
