import snappy from 'snappy'
import type { Config } from '../../config/config.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import { VERSION } from '../../version.ts'
import { encodePush } from '../../worker/output/push-schema.ts'
import { labelsGiven, quarantineTenants } from '../../worker/output/quarantine.ts'
import { formatLabels } from '../../worker/streams/labels.ts'

/** An entry that the check pushes. */
export interface CheckEntry {
  tenant: string
  /** The first address whose labels the entry has. */
  address: string
  labels: string
}

const VALUE = 'check'
const OWN_LABELS = [['source', 'lokean'], ['check', 'push']] as const

/**
 * One entry for each tenant of the addresses, in the shape of what is stored from there: the labels that the settings
 * give, and metadata. Where addresses of a tenant differ in label names, one for each set of names, as Loki may want a
 * label that only some have.
 */
export function checkEntries (config: Config): CheckEntry[] {
  const settings = encoderSettings(config)
  const entries = new Map<string, CheckEntry>()
  for (const { address } of config.addresses) {
    const labels = new Map([...labelsGiven(settings, address).map(({ name, value }) => [name, value] as const), ...OWN_LABELS])
    for (const tenant of quarantineTenants(settings, address)) {
      const key = [tenant, ...[...labels.keys()].sort()].join('\n')
      if (!entries.has(key)) entries.set(key, { tenant, address, labels: formatLabels([...labels]) })
    }
  }
  return [...entries.values()]
}

/** The push of one entry, as its body. */
export function pushOf ({ labels }: CheckEntry, config: Config, nowMs: number): Uint8Array {
  const entry = {
    timestamp: { seconds: Math.floor(nowMs / 1000), nanos: (nowMs % 1000) * 1e6 },
    line: `Lokean ${VERSION} tries the settings (lokean check)`,
    structuredMetadata: config.metadata.map(({ name }) => ({ name, value: VALUE }))
  }
  return snappy.compressSync(Buffer.from(encodePush({ streams: [{ labels, entries: [entry] }] })))
}

/** A push without a stream, as its body. Loki stores nothing of it. */
export function emptyPush (): Uint8Array {
  return snappy.compressSync(Buffer.alloc(0))
}
