import type { Config } from '../config/config.ts'
import type { EncoderSettings } from '../worker/messages/settings.ts'

/** The settings that the workers need. */
export function encoderSettings (config: Config): EncoderSettings {
  const { keys, labels, metadata, addresses, shards, pushBytes, loki, backlogLabel, hostForm, unescapeNewlines, drop, redact } = config
  return {
    keys,
    labels,
    lokiLabels: loki.labels,
    metadata,
    hostForm,
    unescapeNewlines,
    drop,
    redact,
    tenant: loki.tenant,
    quarantineTenant: loki.quarantineTenant,
    origins: addresses.filter(({ labels, tenant }) => labels.length > 0 || tenant !== undefined),
    shards,
    pushBytes,
    maxLineBytes: loki.maxLineBytes,
    maxAgeMs: loki.maxAgeMs,
    maxAheadMs: loki.maxAheadMs,
    maxDisorderMs: loki.maxDisorderMs,
    backlogLabel
  }
}
