import type { EncodeTask } from '../../src/worker/messages/tasks.ts'

/** Makes one batch of these messages for an encoder. Each `number` gives the batch another time of arrival. */
export function encodeTask (messages: readonly Buffer[], number: number): EncodeTask {
  const bytes = new SharedArrayBuffer(messages.reduce((sum, { length }) => sum + length, 0))
  const view = Buffer.from(bytes)
  const starts: number[] = []
  const ends: number[] = []
  let end = 0
  for (const message of messages) {
    starts.push(end)
    ends.push(end += message.copy(view, end))
  }
  return {
    address: 'rsyslog/logs',
    format: 'amqp',
    bytes,
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
    arrivalSeconds: Math.floor(Date.now() / 1000),
    arrivalNanos: number * 1000
  }
}
