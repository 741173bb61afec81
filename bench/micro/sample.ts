import { loadConfig } from '../../src/config/load.ts'
import { createGenerator } from '../../src/generator/generator.ts'
import { CLASSIC_SOURCES } from '../../src/generator/sources.ts'
import { encoderSettings } from '../../src/pipeline/encoder-settings.ts'
import type { Part } from '../../src/worker/messages/tasks.ts'
import type { EncoderSettings } from '../../src/worker/messages/settings.ts'
import { Encoder } from '../../src/worker/encoder.ts'
import { encodeTask } from '../harness/encode-task.ts'
import { recordsOf } from '../harness/load/message-pool.ts'

/** A message as omamqp1 makes it, and the start and end of each record's JSON. */
export interface SampleMessage { bytes: Buffer, starts: number[], ends: number[] }

export const RECORDS_A_MESSAGE = 100
/**
 * With 100 records each, this is about the largest batch that a worker gets, and more than a processor's cache holds.
 */
export const MESSAGES_A_BATCH = 80

/** The default settings. */
export const SETTINGS: EncoderSettings = encoderSettings(loadConfig({}).config)

/** Returns the same messages each time, with the present time in their records. */
export function sampleMessages (count = MESSAGES_A_BATCH, recordsPerMessage = RECORDS_A_MESSAGE): SampleMessage[] {
  const generator = createGenerator({ hosts: 100, recordsPerMessage, seed: 1, sources: CLASSIC_SOURCES })
  return Array.from({ length: count }, () => {
    const { message: bytes } = generator.next()
    const records = [...recordsOf(bytes)]
    return { bytes, starts: records.map(({ start }) => start), ends: records.map(({ end }) => end) }
  })
}

/**
 * Encodes such messages with known streams, and returns the joinable parts of the first shard, in order. `shards` and
 * the messages a task determine their size.
 */
export function sampleParts ({ shards, messages, tasks }: { shards: number, messages: number, tasks: number }): Part[] {
  const encoder = new Encoder({ ...SETTINGS, shards })
  const all = sampleMessages(messages * tasks)
  const rounds = ['to make the streams known', 'to be used'].map((_, round) => Array.from({ length: tasks }, (_, number) =>
    encoder.encode(encodeTask(
      all.slice(number * messages, (number + 1) * messages).map(({ bytes }) => bytes), round * tasks + number
    )).parts))
  return rounds[1].flat().filter(part => part.shard === 0 && !part.solo)
}
