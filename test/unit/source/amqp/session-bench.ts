import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { Receiver } from 'rhea'
import { LokeanError } from '../../../../src/errors.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../../src/source/amqp/credit.ts'
import { ReceivingSession } from '../../../../src/source/amqp/session.ts'
import { readTransfer } from '../../../../src/source/amqp/transfer.ts'
import { transferFrame } from './transfer-frame.ts'

export const rhea: {
  read_frame (
    frame: Buffer
  ): Parameters<ReceivingSession['on_transfer']>[0]
} = createRequire(import.meta.url)('rhea/lib/frames.js')

/** The largest payload of a frame in the window. */
export const PAYLOAD = FRAME_BYTES - DELIVERY_BYTES

export interface Transfer { id?: number | null, more?: boolean, aborted?: boolean, payload?: Uint8Array }

/** `past`: without rhea, like most transfers. `through`: by rhea's reader, like unusual ones. */
export type Way = 'past' | 'through'

/** A frame of the bus arrives. */
export function take (incoming: ReceivingSession, { id, ...rest }: Transfer, way: Way): void {
  const said = { ...rest, id: id ?? undefined }
  // A state makes our reader leave the frame to rhea, though a sender may leave the state out. rhea does not read a
  // long boolean as a boolean.
  const frame = transferFrame(said, way === 'past' ? {} : { state: 'accepted', flag: 'long' })
  const transfer = readTransfer(frame)
  assert.equal(transfer === undefined, way === 'through')
  if (transfer === undefined) incoming.on_transfer(rhea.read_frame(frame))
  else {
    assert.ok(incoming.takes(transfer.handle))
    incoming.transfer(transfer)
  }
  // The socket's buffer is used again.
  frame.fill(0xff)
}

/** A session over a link of no connection. `failsOn`: the id of a delivery that its receiver cannot take over. */
export function bench (limit = 8 * FRAME_BYTES, failsOn?: number) {
  const budget = new Budget('logs', limit)
  const deliveries: Array<{ id: number, content: string, bytes: number }> = []
  const costs: number[] = []
  const whole: Buffer[] = []
  const memory: number[] = []
  let frames = 0
  const tooLarge: number[] = []
  const link = {
    credit: 0,
    delivery_count: 0,
    issue_flow: false,
    remote: { attach: { handle: 0 } },
    registered: 0,
    connection: { _register: () => { link.registered++ } }
  }
  const receiver = link as unknown as Receiver
  const incoming = new ReceivingSession({
    budget,
    onDelivery: (id, message, cost) => {
      if (id === failsOn) throw new RangeError('no memory for it')
      deliveries.push({ id, content: Buffer.from(message).toString(), bytes: message.length })
      costs.push(cost)
      whole.push(Buffer.from(message))
      memory.push(message.buffer.byteLength)
    },
    onTooLarge: bytes => { tooLarge.push(bytes) }
  })
  incoming.on_begin({ next_outgoing_id: 0 })
  return {
    budget,
    deliveries,
    costs,
    /** The messages, and the size of the memory that each was handed over in. */
    whole,
    memory,
    tooLarge,
    link,
    incoming,
    open: () => { incoming.open(receiver) },
    /** Every other frame goes through rhea's reader. */
    transfer: (one: Transfer, way: Way = frames++ % 2 === 0 ? 'past' : 'through') => { take(incoming, one, way) },
    /** Returns the frames that would be sent now. */
    written: () => {
      const frames: Array<{ role: boolean, first: number, last: number, settled: boolean, state: unknown }> = []
      incoming.process({ output: frame => { frames.push(frame as never) } })
      return frames.map(({ role, first, last, settled }) => ({ role, first, last, settled }))
    }
  }
}

export const bytes = (text: string): Buffer => Buffer.from(text)

export function isBusError (error: unknown): boolean {
  return error instanceof LokeanError && error.code === 'LOKEAN_BUS' && error.retryable
}
