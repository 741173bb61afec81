import { loadConfig } from '../../src/config/load.ts'
import { createGenerator } from '../../src/generator/generator.ts'
import { encoderSettings } from '../../src/pipeline/encoder-settings.ts'
import type { EncoderSettings, Part } from '../../src/worker/messages.ts'
import { Encoder } from '../../src/worker/encoder.ts'
import { encodeTask } from '../harness/encode-task.ts'
import { recordsOf } from '../harness/load/message-pool.ts'

/** A message as omamqp1 makes it, and where the JSON of each record begins and ends. */
export interface SampleMessage { bytes: Buffer, starts: number[], ends: number[] }

export const RECORDS_A_MESSAGE = 100
/** With 100 records each: about as much as the largest batch that a worker is given, and more than a processor keeps at hand. */
export const MESSAGES_A_BATCH = 80

/** The defaults. */
export const SETTINGS: EncoderSettings = encoderSettings(loadConfig({}).config)

/** The same messages each time, but for their times, which are now. */
export function sampleMessages (count = MESSAGES_A_BATCH, recordsPerMessage = RECORDS_A_MESSAGE): SampleMessage[] {
  const generator = createGenerator({ hosts: 100, recordsPerMessage, seed: 1 })
  return Array.from({ length: count }, () => {
    const { message: bytes } = generator.next()
    const records = [...recordsOf(bytes)]
    return { bytes, starts: records.map(({ start }) => start), ends: records.map(({ end }) => end) }
  })
}

/**
 * What the encoder makes of such messages for the first shard once it knows their streams: the parts that may be joined, in order.
 * `shards` and the messages in each task say how large they are.
 */
export function sampleParts ({ shards, messages, tasks }: { shards: number, messages: number, tasks: number }): Part[] {
  const encoder = new Encoder({ ...SETTINGS, shards })
  const all = sampleMessages(messages * tasks)
  const rounds = ['to make the streams known', 'to be used'].map((_, round) => Array.from({ length: tasks }, (_, number) =>
    encoder.encode(encodeTask(all.slice(number * messages, (number + 1) * messages).map(({ bytes }) => bytes), round * tasks + number)).parts))
  return rounds[1].flat().filter(part => part.shard === 0 && !part.solo)
}
