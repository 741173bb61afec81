import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import rhea, { type Connection, type EventContext, type Sender, type Session } from 'rhea'
import { serve } from '../child.ts'
import { LoadLink, type LinkCounts } from './load-link.ts'
import { createPool, type PoolOptions } from './message-pool.ts'
import { createNewStreams } from './new-streams.ts'
import type { Outgoing } from './outgoing.ts'
import type { PaceOptions } from './pace.ts'
import type { Times } from './times.ts'

/** The idle timeout that Qpid Dispatch Router 1.19 announces. */
const IDLE_TIMEOUT_MS = 8_000

/** `at`: monotonic milliseconds, the same clock for all processes. `cpuMicros`: CPU of this process. */
export interface LoadCounts extends LinkCounts { at: number, cpuMicros: number }

export type LoadMethods = {
  /** Returns the URL, and the number of records before the pool repeats. */
  listen: (options: PoolOptions) => Promise<{ url: string, poolRecords: number }>
  /** Resolves when the program has attached its link. */
  attached: () => Promise<void>
  start: (pace: PaceOptions) => void
  counts: () => LoadCounts
  times: () => Times
  /** From when a message was due; from sending where its pace does not tell. */
  lags: () => Times
  stop: () => Promise<LoadCounts>
}

let link: LoadLink | undefined
let onAttached = (): void => {}
const attached = new Promise<void>(resolve => { onAttached = resolve })

/**
 * Plays the router: the program connects, attaches its link, and receives the load. rhea speaks the protocol except for
 * the transfers. Only one session with one link is expected.
 */
async function listen (options: PoolOptions): Promise<{ url: string, poolRecords: number }> {
  const { recordsPerMessage, streams } = options
  const pool = streams === undefined ? createPool(options) : createNewStreams({ recordsPerMessage, streams })
  const container = rhea.create_container({ id: 'lokean-bench' })
  ;(container.sasl_server_mechanisms as { enable_anonymous (name: string): void }).enable_anonymous('anonymous')
  const server = container.listen({ port: 0, host: '127.0.0.1', idle_time_out: IDLE_TIMEOUT_MS, tcp_no_delay: true } as never)
  container.on('session_open', ({ session, connection }: EventContext) => {
    if (link !== undefined) return fail(new Error('the program opened a second session'))
    link = new LoadLink(pool, {
      channel: channelOf(session as Session), handle: 0, maxFrameSize: maxFrameSizeOf(connection)
    }, socketOf(connection))
    takeOver(session as Session, link.outgoing)
  })
  container.on('sender_open', ({ sender }: EventContext) => {
    if (handleOf(sender as Sender) !== 0) return fail(new Error('the program attached a second link'))
    ;(sender as Sender).set_source({ address: (sender as Sender).source.address })
    onAttached()
  })
  // rhea catches errors thrown in its event handlers, but such an error must end the process.
  for (const event of ['error', 'protocol_error', 'connection_error', 'session_error', 'sender_error']) {
    container.on(event, (context: Error | EventContext) => fail(context instanceof Error
      ? context
      : new Error(event, { cause: context.error ?? context.connection.error })))
  }
  for (const event of ['disconnected', 'connection_close', 'session_close', 'sender_close']) {
    container.on(event, ({ error }: EventContext) => {
      if (link !== undefined && link.unsettled > 0) fail(new Error(`the program left ${link.unsettled} messages unsettled: ${event} ${error?.message ?? ''}`))
    })
  }
  await once(server, 'listening')
  return { url: `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`, poolRecords: pool.messages.length * pool.recordsPerMessage }
}

function fail (error: Error): void {
  setImmediate(() => { throw error })
}

function counts (): LoadCounts {
  const { user, system } = process.cpuUsage()
  return { ...theLink().counts(), at: performance.timeOrigin + performance.now(), cpuMicros: user + system }
}

function theLink (): LoadLink {
  if (link === undefined) throw new Error('the program has not attached yet')
  return link
}

const methods: LoadMethods = {
  listen,
  attached: async () => await attached,
  start: pace => theLink().start(pace),
  counts,
  times: () => theLink().times.take(),
  lags: () => theLink().lags.take(),
  stop: async () => {
    await theLink().stop()
    return counts()
  }
}
serve(methods)

// These parts of rhea 3.0.5 are missing from its types.
function channelOf (session: Session): number { return (session as unknown as { local: { channel: number } }).local.channel }
function handleOf (sender: Sender): number { return (sender as unknown as { local: { handle: number } }).local.handle }
function socketOf (connection: Connection): Socket { return (connection as unknown as { socket: Socket }).socket }
function maxFrameSizeOf (connection: Connection): number {
  return (connection as unknown as { remote: { open: { max_frame_size?: number } } }).remote.open.max_frame_size ?? 0xffffffff
}

/** Replaces rhea's half of the session by ours, after rhea has read the peer's `begin`. */
function takeOver (session: Session, outgoing: Outgoing): void {
  const internals = session as unknown as { outgoing: Outgoing, remote: { begin: { incoming_window: number } } }
  outgoing.on_begin(internals.remote.begin)
  internals.outgoing = outgoing
}
