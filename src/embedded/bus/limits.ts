import type { Connection as AmqpConnection, EventContext } from 'rhea'
import type { Socket } from 'node:net'

/** The most that one peer may have open, and the most bytes that may wait for it to read. */
const MAX_SESSIONS = 256
const MAX_LINKS = 4096
const MAX_UNREAD_BYTES = 64 * 1024 * 1024
/**
 * The smallest frame size that a peer may ask for (spec 2.7.1, MIN-MAX-FRAME-SIZE). Below 58, rhea would cut messages
 * into pieces for ever.
 */
const SMALLEST_MAX_FRAME = 512

interface Dispatcher { dispatch (event: string, error: Error): void }
interface Disposition { first: number, last?: number | null, settled?: boolean, state?: object }
interface Half { deliveries: { size: number, get_head (): { id: number } | undefined }, on_disposition (fields: Disposition): void }

/**
 * Limits what one peer can make the bus hold or do. Beyond a limit, its connection emits an `error`, and other peers
 * are not affected. Must be called before the connection opens.
 */
export function limitPeer (connection: AmqpConnection, socket: Socket): void {
  connection.on('connection_open', () => {
    const { max_frame_size: size } = connection as unknown as { max_frame_size?: unknown }
    if (typeof size === 'number' && size < SMALLEST_MAX_FRAME) throw new Error(`max-frame-size ${size} is less than ${SMALLEST_MAX_FRAME}`)
  })
  bound(connection, MAX_SESSIONS, ['session_open'], ['session_close'])
  bound(connection, MAX_LINKS, ['receiver_open', 'sender_open'], ['receiver_close', 'sender_close'])
  connection.on('session_open', ({ session }: EventContext) => {
    const { incoming, outgoing } = session! as unknown as { incoming: Half, outgoing: Half }
    for (const half of [incoming, outgoing]) onlyKnownDeliveries(half)
  })
  const dispatcher = connection as unknown as Dispatcher
  socket.on('data', () => {
    const { writableLength: unread } = socket
    if (unread > MAX_UNREAD_BYTES) dispatcher.dispatch('error', new Error(`${unread} bytes wait for a peer that does not read`))
  })
}

function bound (connection: AmqpConnection, limit: number, opens: string[], closes: string[]): void {
  let open = 0
  const opened = (): void => {
    if (++open > limit) throw new Error(`more than ${limit} are open: ${opens.join(', ')}`)
  }
  for (const event of opens) connection.on(event, opened)
  for (const event of closes) connection.on(event, () => { open-- })
}

/** A disposition may name a range of four billion deliveries, and rhea would look up each. */
function onlyKnownDeliveries (half: Half): void {
  const settle = half.on_disposition.bind(half)
  half.on_disposition = ({ first, last, settled, state }) => {
    const { deliveries } = half
    const head = deliveries.get_head()?.id
    if (head === undefined) return
    const from = Math.max(first, head)
    const to = Math.min(last ?? first, head + deliveries.size - 1)
    // rhea reads a `last` of 0 as no `last`.
    if (from <= to) settle({ first: from, last: to === 0 ? undefined : to, settled, state })
  }
}
