import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import rhea from 'rhea'
import type { Connection, ConnectionOptions, Delivery, EventContext, Receiver, Sender } from 'rhea'
import { deliverRaw, rawDelivery } from '../../../../src/embedded/bus/raw-transfer.ts'
import { boundFrames } from '../../../../src/embedded/bus/read-path.ts'
import { separateOutcomes } from '../../../../src/embedded/bus/separate-outcomes.ts'
import { streamWrites } from '../../../../src/embedded/bus/write-path.ts'

/** Connects a plain AMQP client to the bus. The test's end closes it. rhea does not reconnect it. */
export async function connectClient (
  t: Pick<TestContext, 'after'>, port: number, options: Partial<ConnectionOptions> = {}
): Promise<Connection> {
  const connection = rhea.create_container()
    .create_connection({ host: '127.0.0.1', port, username: 'anonymous', reconnect: false, ...options } as ConnectionOptions)
  deliverRaw(connection)
  separateOutcomes(connection)
  streamWrites(connection)
  boundFrames(connection, 0xffffffff)
  for (const event of [
    'error', 'protocol_error', 'connection_error', 'sender_error', 'receiver_error', 'disconnected', 'connection_close'
  ]) connection.on(event, () => {})
  t.after(() => cut(connection))
  const opened = once(connection, 'connection_open')
  const refused = once(connection, 'connection_error').then(([{ error }]: EventContext[]) => { throw error })
  connection.connect()
  await Promise.race([opened, refused])
  return connection
}

/** Cuts the client's socket. The error makes rhea clear its timers. */
export function cut (connection: Connection): void {
  (connection as unknown as { socket: Socket }).socket.destroy(new Error('cut by the test'))
}

export interface Taken { message: Buffer, format: number, delivery: Delivery }

/** Opens a receiver with manual credit that collects its deliveries. */
export async function openReceiver (
  connection: Connection, address: string, credit: number, onTaken?: (taken: Taken) => void
): Promise<{ receiver: Receiver, taken: Taken[], until: (count: number) => Promise<void> }> {
  const taken: Taken[] = []
  const waiting = new Set<() => void>()
  const receiver = connection.open_receiver({ source: { address }, credit_window: 0, autoaccept: false })
  receiver.on('message', (context: EventContext) => {
    const one = { ...rawDelivery(context), delivery: context.delivery as Delivery }
    if (onTaken === undefined) taken.push(one)
    else onTaken(one)
    for (const wake of waiting) wake()
  })
  if (credit > 0) receiver.add_credit(credit)
  await once(receiver, 'receiver_open')
  const until = (count: number) => new Promise<void>(resolve => {
    const wake = () => {
      if (taken.length < count) return
      waiting.delete(wake)
      resolve()
    }
    waiting.add(wake)
    wake()
  })
  return { receiver, taken, until }
}

/** Opens a sender. `outcome` sends one message and resolves with the name of its outcome. */
export async function openSender (
  connection: Connection, address: string, { credit = true } = {}
): Promise<{ sender: Sender, outcome: (message: Buffer, format?: number) => Promise<Outcome> }> {
  const sender = connection.open_sender({ target: { address }, treat_modified_as_released: false } as object)
  const waiting = new Map<Delivery, (outcome: Outcome) => void>()
  for (const name of ['accepted', 'rejected', 'released', 'modified'] as const) {
    sender.on(name, ({ delivery }: EventContext) => waiting.get(delivery!)?.({ name, delivery: delivery! }))
  }
  await once(sender, credit ? 'sendable' : 'sender_open')
  const outcome = (message: Buffer, format = 0) => new Promise<Outcome>(resolve => {
    waiting.set(sender.send(message, undefined, format), resolve)
  })
  return { sender, outcome }
}

export interface Outcome { name: 'accepted' | 'rejected' | 'released' | 'modified', delivery: Delivery }
