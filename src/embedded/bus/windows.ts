import type { Session } from 'rhea'

export interface WindowRules {
  /**
   * Whether the bus sends also over a session that began with a window of 0, as qdrouterd 1.19 does; skupper-router 3.5
   * never does.
   */
  sendsToClosed?: boolean
  /**
   * Whether the bus, when a session's window is used up, sends nothing more over a link until that gets more credit
   * than it had. So qdrouterd 1.19 does at times: with the same credit in each flow it waits for ever.
   */
  waitsForMore?: boolean
}

interface Outgoing { process (): void, transfer_window (): number }

/** Calls `usedUp` when as much has been written over the session as the peer's window allows. */
export function onWindowUsedUp (session: Session, usedUp: () => void): void {
  const { outgoing } = session as unknown as { outgoing: Outgoing }
  const process = outgoing.process.bind(outgoing)
  outgoing.process = () => {
    const before = outgoing.transfer_window()
    process()
    if (before > 0 && outgoing.transfer_window() <= 0) usedUp()
  }
}

/**
 * Whether the peer began the session with an incoming window of 0 (AMQP 1.0, 2.7.2). skupper-router 3.5.1 (Proton 0.40
 * and later) never sends over such a session, although a flow raises the window at once. qdrouterd 1.19 (Proton 0.37)
 * does.
 */
export function begunClosed (session: Session): boolean {
  return (session as unknown as { remote: { begin: { incoming_window: number } } }).remote.begin.incoming_window === 0
}
