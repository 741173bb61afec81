import assert from 'node:assert/strict'
import type { EncodeResult } from '../../src/worker/messages/tasks.ts'
import type { EncoderSettings } from '../../src/worker/messages/settings.ts'
import { Encoder } from '../../src/worker/encoder.ts'
import { parseSelector } from './selector.ts'
import { counters, decodeParts, type DecodedEntry, encoderSettings, encodeTask, rsyslogMessage } from './worker-fixtures.ts'

export interface Encoded { result: EncodeResult, entries: DecodedEntry[], counts: ReturnType<typeof counters> }

export function encodeMessages (
  messages: readonly Uint8Array[], overrides: Partial<EncoderSettings> = {}, encoder = new Encoder(encoderSettings(overrides)),
  address?: string
): Encoded {
  // Which hosts are loud is told now and then, whatever the batch.
  const result = { ...encoder.encode(encodeTask(messages, undefined, address)), loudHosts: undefined }
  const entries = decodeParts(result.parts)
  assert.equal(result.parts.reduce((sum, { records }) => sum + records, 0), entries.length)
  return { result, entries, counts: counters(result) }
}

/**
 * One encoder for all tests with default settings. Earlier records must make no difference, so disorder is unlimited.
 */
const shared = new Encoder(encoderSettings({ maxDisorderMs: Infinity }))
export const encode = (records: ReadonlyArray<string | Uint8Array>, overrides?: Partial<EncoderSettings>): Encoded =>
  encodeMessages([rsyslogMessage(records)], overrides, overrides === undefined ? shared : undefined)

/** Encodes one record to its one entry. */
export function single (
  record: string | Uint8Array, overrides?: Partial<EncoderSettings>
): DecodedEntry & { selector: Record<string, string>, counts: Encoded['counts'] } {
  const { entries, counts, result } = encode([record], overrides)
  assert.equal(entries.length, 1)
  assert.equal(result.records, 1)
  return { ...entries[0], selector: parseSelector(entries[0].labels), counts }
}
