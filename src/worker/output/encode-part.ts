import type { Part } from '../messages/tasks.ts'
import { compress } from './compress.ts'
import { encodePush, type PushStream } from './push-schema.ts'

/** A part like the given one, with these streams. */
export function encodePart (like: Part, streams: PushStream[]): Part {
  const raw = encodePush({ streams })
  const records = streams.reduce((sum, { entries }) => sum + entries.length, 0)
  return { ...like, body: compress(raw), rawBytes: raw.length, records }
}
