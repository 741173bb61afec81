import type { Connection as AmqpConnection, EventContext, Session } from 'rhea'

interface Updated { state?: { descriptor: { value: unknown } } }
interface Incoming { updated: Updated[], process (session: Session): void }

const ACCEPTED = 0x24

/**
 * rhea 3.0.5 joins the dispositions of one turn into ranges, and does not check that their outcomes are equal: an
 * accepted and then a rejected delivery go out as two accepted ones. On this connection, only accepted deliveries share
 * a range. Must be called before the connection opens.
 */
export function separateOutcomes (connection: AmqpConnection): void {
  connection.on('session_open', ({ session }: EventContext) => {
    const { incoming } = session as unknown as { incoming: Incoming }
    const process = incoming.process.bind(incoming)
    incoming.process = ofSession => {
      const updated = incoming.updated
      if (updated.length < 2) return process(ofSession)
      for (let from = 0; from < updated.length;) {
        let until = from + 1
        if (isAccepted(updated[from]!)) while (until < updated.length && isAccepted(updated[until]!)) until++
        incoming.updated = updated.slice(from, until)
        process(ofSession)
        from = until
      }
    }
  })
}

function isAccepted ({ state }: Updated): boolean {
  return Number(state?.descriptor.value) === ACCEPTED
}
