import type { Session } from 'rhea'

/**
 * Whether the peer began the session with an incoming window of 0 (AMQP 1.0, 2.7.2). skupper-router 3.5.1 (Proton 0.40
 * and later) never sends over such a session, although a flow raises the window at once. qdrouterd 1.19 (Proton 0.37)
 * does.
 */
export function begunClosed (session: Session): boolean {
  return (session as unknown as { remote: { begin: { incoming_window: number } } }).remote.begin.incoming_window === 0
}
