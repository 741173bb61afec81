import type { Settleable } from '../ack/settler.ts'

/**
 * Deliveries of one link that go to a worker together. They are neighbours: a session numbers its deliveries one by one, and
 * each address has a session of its own, so their ids are a range.
 */
export interface Batch {
  address: string
  link: Settleable
  first: number
  last: number
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
