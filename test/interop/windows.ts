import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { Secret } from '../../src/secret.ts'
import { FRAME_BYTES } from '../../src/source/amqp/credit.ts'
import { until } from '../helpers/until.ts'
import { connectClient } from '../unit/embedded/bus/client.ts'
import { runningBus } from '../unit/source/amqp/running-bus.ts'

/** A bus that sends `count` messages with these texts to whoever receives. */
interface SendingBus {
  port: number
  address: string
  login?: { username: string, password: string }
  send (texts: string[]): Promise<void>
}

const COUNT = 12
/** Each message takes most of a frame. */
const FILL = 'x'.repeat(40_000)

const texts = (what: string): string[] => Array.from({ length: COUNT }, (_, i) => `${what} ${i} ${FILL}`)

/** All come over a session whose window is so many frames at most. It closes when they are held, and reopens. */
export async function throughWindow (t: TestContext, frames: number, { port, address, login, send }: SendingBus): Promise<void> {
  const credentials = login === undefined ? {} : { username: login.username, password: new Secret(login.password) }
  // Of the smallest budget that gives such a window, no message could come in two frames.
  const limit = (frames + 1) * FRAME_BYTES - 1
  const { client, budgets, deliveries, done, lookAfter } = runningBus(t, { ports: [port], addresses: [address], limit, credentials })
  await until('it is attached', () => client.attached(address))
  await send(texts(`window ${frames}`))
  await until('the first window is used up', () => deliveries.length >= frames)
  for (let taken = 0; taken < COUNT;) {
    await until('more comes', () => {
      lookAfter()
      return deliveries.length > taken
    })
    assert.ok(budgets[0].used <= limit)
    while (taken < deliveries.length) done(deliveries[taken++])
  }
  const came = deliveries.map(({ content }) => /window \d \d+/.exec(content.toString('latin1'))?.[0])
  assert.deepEqual(came, Array.from({ length: COUNT }, (_, i) => `window ${frames} ${i}`))
  await client.close()
}

/** All come over a session that was begun with a window of 0, when a flow opens it. */
export async function throughClosed (t: TestContext, { port, address, login, send }: SendingBus): Promise<void> {
  const connection = await connectClient(t, port, login)
  const session = connection.create_session()
  Object.assign((session as unknown as { local: { begin: object } }).local.begin, { incoming_window: 0 })
  session.begin()
  const receiver = session.open_receiver({ source: { address }, credit_window: 0 })
  let came = 0
  receiver.on('message', () => { came++ })
  await once(receiver, 'receiver_open')
  await send(texts('begun closed'))
  receiver.add_credit(COUNT)
  await until('all are here', () => came === COUNT)
  const closed = once(connection, 'connection_close')
  connection.close()
  await closed
}
