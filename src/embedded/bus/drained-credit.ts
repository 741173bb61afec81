import type { Receiver } from 'rhea'

interface Internals {
  credit: number
  delivery_count: number
  on_flow (frame: { performative: { drain?: boolean, delivery_count: number } }): void
}

/**
 * Calls `drained` when the peer has given back the credit that was drained. The peer's answer may cross a grant. rhea
 * 3.0.5 then forgets the grant, and takes the credit for 0. The credit that is left is the sum of all grants, less what
 * the peer has used and given back (AMQP 1.0, 2.6.7).
 */
export function onDrained (receiver: Receiver, drained: () => void): void {
  const link = receiver as unknown as Internals
  const onFlow = link.on_flow.bind(link)
  link.on_flow = frame => {
    const granted = link.delivery_count + link.credit
    onFlow(frame)
    if (!frame.performative.drain) return
    link.credit = Math.max(0, granted - link.delivery_count)
    drained()
  }
}
