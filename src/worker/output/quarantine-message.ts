import {
  type EncodeResult, type EncoderSettings, MEND_REASONS, type Part, QUARANTINE_REASONS, type QuarantineMessageTask
} from '../messages.ts'
import { compress } from './compress.ts'
import { shardOf } from '../streams/labels.ts'
import { encodePush } from './push-schema.ts'
import { quarantineLabels, quarantineTenant } from './quarantine.ts'

/** Room for `[1000/1000] 67108864 bytes, base64: ` in front of a piece. */
const PREFIX = 64

/**
 * Makes parts that carry a message to the quarantine stream as it came, because the encoder fails on it. The line is
 * base64, as the bytes of AMQP are no text. A long line is cut into pieces, with one part for each. This code shares
 * nothing with the encoder that could fail too.
 */
export function quarantineMessage (
  { address, message, arrivalSeconds, arrivalNanos }: QuarantineMessageTask, settings: EncoderSettings
): EncodeResult {
  const labels = quarantineLabels(settings, address, 'worker_failed')
  const tenant = quarantineTenant(settings, address)
  const text = Buffer.from(message).toString('base64')
  const size = settings.maxLineBytes - PREFIX
  const count = Math.max(1, Math.ceil(text.length / size))
  const parts = Array.from({ length: count }, (_, i): Part => {
    const number = count === 1 ? '' : `[${i + 1}/${count}] `
    const nanos = arrivalNanos + i
    const raw = encodePush({
      streams: [{
        labels,
        entries: [{
          timestamp: { seconds: arrivalSeconds + Math.floor(nanos / 1e9), nanos: nanos % 1e9 },
          line: `${number}${message.length} bytes, base64: ${text.slice(i * size, (i + 1) * size)}`,
          structuredMetadata: []
        }]
      }]
    })
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
    parts, cardinalityReports: [], shared: false, records: 1, quarantined, mended: new Uint32Array(MEND_REASONS.length), oldestMs: NaN
  }
}
