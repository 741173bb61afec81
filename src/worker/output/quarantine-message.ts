import type { EncodeResult, Part, QuarantineMessageTask } from '../messages/tasks.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../messages/reasons.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { compress } from './compress.ts'
import { overwritten, Redactor } from '../redaction/redactor.ts'
import { shardOf } from '../streams/labels.ts'
import { encodePush } from './push-schema.ts'
import { quarantineLabels, quarantineTenant } from './quarantine.ts'
import { quarantineEntries, shortPair } from './quarantine-entries.ts'

/**
 * Makes parts that carry a message to the quarantine stream as it came, because the encoder fails on it. The line is
 * base64, as the bytes of AMQP are no text. A long line is cut into pieces, with one part for each. This code shares
 * nothing with the encoder that could fail too.
 */
export function quarantineMessage (task: QuarantineMessageTask, settings: EncoderSettings): EncodeResult {
  const { address } = task
  const redactor = new Redactor(settings.redact)
  const matches = redactor.findRaw(Buffer.from(task.message))
  const message = overwritten(task.message, matches)
  const labels = quarantineLabels(settings, address, 'worker_failed')
  const tenant = quarantineTenant(settings, address)
  const line = `${message.length} bytes, base64: ${message.toString('base64')}`
  const told = settings.metadata.length === 0 ? undefined : [shortPair('address', address)]
  const parts = quarantineEntries(line, settings.maxLineBytes, told, task).map((entry): Part => {
    const raw = encodePush({ streams: [{ labels, entries: [entry] }] })
    return {
      address,
      tenant,
      shard: shardOf(labels, tenant, settings.shards),
      body: compress(raw),
      rawBytes: raw.length,
      records: 1,
      solo: true,
      quarantine: true
    }
  })
  const quarantined = new Uint32Array(QUARANTINE_REASONS.length)
  quarantined[QUARANTINE_REASONS.indexOf('worker_failed')] = 1
  return {
    parts,
    cardinalityReports: [],
    shared: false,
    records: 1,
    redelivered: 0,
    empty: 0,
    joined: 0,
    dropped: new Uint32Array(settings.drop.length),
    redacted: Uint32Array.from(settings.redact, (_, rule) => Number(matches.some(match => match.rule === rule))),
    quarantined,
    mended: new Uint32Array(MEND_REASONS.length),
    oldestMs: NaN
  }
}
