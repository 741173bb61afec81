import type { PartTicket, Sink } from '../../sink/sink.ts'
import type { Check, Part } from '../../worker/messages/tasks.ts'

/** Stores nothing, and resolves all. */
export class DryRunSink implements Sink {
  readonly bytes = new Map<string, number>()
  readonly shards = 0
  readonly waiting = new Map<string, number>()

  start (): void {}

  add (_part: Part, ticket: PartTicket): void {
    ticket.resolvePart()
  }

  streamsLimit (): undefined {}

  status (): Check {
    return { ok: true, detail: 'nothing is sent' }
  }

  drain (): void {}

  async close (): Promise<void> {
    await Promise.resolve()
  }
}
