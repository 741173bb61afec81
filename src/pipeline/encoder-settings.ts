import type { Config } from '../config/config.ts'
import type { EncoderSettings } from '../worker/messages/settings.ts'

/** The settings that the workers need. */
export function encoderSettings (config: Config): EncoderSettings {
  const { keys, labels, metadata, addresses, shards, pushBytes, loki, backlogLabel, hostForm, unescapeNewlines } = config
  return {
    keys,
    labels,
    lokiLabels: loki.labels,
    metadata,
    hostForm,
    unescapeNewlines,
    routes: config.routes,
    line: config.line,
    drop: config.drop,
    redact: config.redact,
    tenant: loki.tenant,
    quarantineTenant: loki.quarantineTenant,
    origins: addresses.filter(({ labels, tenant, path }) => labels.length > 0 || tenant !== undefined || path !== undefined),
    shards,
    pushBytes,
    maxLineBytes: loki.maxLineBytes,
    maxAgeMs: loki.maxAgeMs,
    maxAheadMs: loki.maxAheadMs,
    maxDisorderMs: loki.maxDisorderMs,
    backlogLabel
  }
}
