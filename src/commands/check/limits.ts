import type { Config } from '../../config/config.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import type { LokiClient } from '../../sink/client.ts'
import { readTenantLimits, type TenantLimits } from '../../sink/tenant-limits.ts'
import { labelsGiven, quarantineTenants } from '../../worker/output/quarantine.ts'
import { giveLabels } from './answer.ts'
import { versionWarnings } from './version.ts'

/** What the limits of a tenant mean for the settings. `told`: Loki tells them. */
export interface LimitsFinding { tenant: string, told: boolean, warnings: string[] }

type Origins = Config['addresses']

/** Where LOKEAN_MAX_STREAMS is unset, Lokean itself warns of more streams than this. */
const USUAL_STREAMS = 5_000

/** Asks an endpoint for the limits of each tenant of the settings, and compares. Its version is told of once. */
export async function compareLimits (
  client: Pick<LokiClient, 'get'>, endpoint: number, config: Config, signal: AbortSignal
): Promise<LimitsFinding[]> {
  const settings = encoderSettings(config)
  const tenantsOf = ({ address }: Origins[number]): string[] => quarantineTenants(settings, address)
  const tenants = [...new Set(config.addresses.flatMap(tenantsOf))]
  return await Promise.all(tenants.map(async (tenant, i) => {
    const [limits, ofVersion] = await Promise.all([
      readTenantLimits(client, endpoint, tenant, signal),
      i === 0 ? versionWarnings(client, endpoint, tenant, config, signal) : []
    ])
    const origins = config.addresses.filter(origin => tenantsOf(origin).includes(tenant))
    const warnings = limits === undefined ? [] : limitWarnings(limits, config, origins)
    return { tenant, told: limits !== undefined, warnings: [...ofVersion, ...warnings] }
  }))
}

/** `origins`: the addresses of the tenant. Each warning names the limit by Loki's name, and the setting. */
export function limitWarnings (limits: TenantLimits, config: Config, origins: Origins): string[] {
  return [...sizes(limits, config), ...times(limits, config), ...labels(limits, config, origins), ...stores(limits, config)]
}

function sizes ({ maxLineBytes, cutsLines, burstBytes, maxStreams }: TenantLimits, config: Config): string[] {
  const found: string[] = []
  if (maxLineBytes !== undefined && maxLineBytes < config.loki.maxLineBytes) {
    found.push(`max_line_size is ${maxLineBytes} bytes, and Loki ${cutsLines === true ? 'cuts' : 'refuses'} longer lines: ` +
      `set LOKEAN_LOKI_MAX_LINE_BYTES=${maxLineBytes} (now ${config.loki.maxLineBytes}), so that they are split`)
  }
  if (burstBytes !== undefined && burstBytes < config.pushBytes) {
    found.push(`ingestion_burst_size_mb is ${burstBytes} bytes, and Loki never takes a larger push: ` +
      `set LOKEAN_PUSH_BYTES=${Math.floor(burstBytes)} or less (now ${config.pushBytes}), or raise the limit`)
  }
  if (maxStreams !== undefined && maxStreams < (config.maxStreams ?? USUAL_STREAMS)) {
    found.push(`max_streams_per_user or max_global_streams_per_user is ${maxStreams}, and Loki holds up what has more: ` +
      `set LOKEAN_MAX_STREAMS=${maxStreams} (now ${config.maxStreams ?? 'unset'}), so that further ones go to quarantine`)
  }
  return found
}

function times ({ maxAgeMs, maxAheadMs }: TenantLimits, { loki }: Config): string[] {
  const found: string[] = []
  if (maxAgeMs !== undefined && maxAgeMs < loki.maxAgeMs) {
    found.push(`reject_old_samples_max_age is ${inUnits(maxAgeMs)}, and Loki refuses older records: set LOKEAN_LOKI_MAX_AGE=${inUnits(maxAgeMs)} (now ${inUnits(loki.maxAgeMs)})`)
  }
  if (maxAheadMs !== undefined && maxAheadMs < loki.maxAheadMs) {
    found.push(`creation_grace_period is ${inUnits(maxAheadMs)}, and Loki refuses what is further ahead: set LOKEAN_LOKI_MAX_AHEAD=${inUnits(maxAheadMs)} (now ${inUnits(loki.maxAheadMs)})`)
  }
  return found
}

function labels ({ maxLabels, enforcedLabels = [] }: TenantLimits, config: Config, origins: Origins): string[] {
  const found: string[] = []
  for (const { address } of origins) {
    const given = labelsGiven(encoderSettings(config), address).map(({ name }) => name)
    const ofRecords = new Set([...given, ...config.labels.map(({ name }) => name)])
    if (maxLabels !== undefined && ofRecords.size > maxLabels) {
      found.push(`max_label_names_per_series is ${maxLabels}, and a record from ${address} can have ${ofRecords.size} labels: LOKEAN_LABELS or LOKEAN_LOKI_LABELS must name fewer`)
    } else if (maxLabels !== undefined && new Set([...given, 'source', 'quarantine']).size > maxLabels) {
      found.push(`max_label_names_per_series is ${maxLabels}, and what is quarantined from ${address} has more labels: LOKEAN_LOKI_LABELS must name fewer`)
    }
    if (maxLabels !== undefined && ofRecords.size === maxLabels && config.backlogLabel !== undefined) {
      found.push(`max_label_names_per_series is ${maxLabels}, and a record from ${address} that is too far behind its stream can have ${maxLabels + 1} labels: ` +
        'set LOKEAN_BACKLOG_LABEL=off, so that it goes to quarantine, or name a label less')
    }
    const absent = enforcedLabels.filter(name => !ofRecords.has(name))
    const fromRecords = enforcedLabels.filter(name => ofRecords.has(name) && !given.includes(name))
    if (absent.length > 0) {
      found.push(`enforced_labels wants ${absent.join(' and ')}, which no record from ${address} has: ${giveLabels(absent, address)}`)
    }
    if (fromRecords.length > 0) {
      found.push(`enforced_labels wants ${fromRecords.join(' and ')}, which only records from ${address} have, and no quarantined one: ${giveLabels(fromRecords, address)}`)
    }
  }
  return found
}

function stores ({ takesMetadata, shardsStreams, movesEqualTimes }: TenantLimits, { metadata }: Config): string[] {
  return [
    ...(takesMetadata === false && metadata.length > 0
      ? ['allow_structured_metadata is false, and Loki refuses every record that has some: set LOKEAN_METADATA=off']
      : []),
    ...(shardsStreams === true
      ? ['shard_streams is enabled: what is sent again of a stream that is sharded can be stored twice']
      : []),
    ...(movesEqualTimes === true
      ? ['increment_duplicate_timestamp is true: Loki moves equal times, so what is sent again can be stored twice']
      : [])
  ]
}

const UNITS: ReadonlyArray<readonly [ms: number, unit: string]> = [[3_600_000, 'h'], [60_000, 'm'], [1_000, 's']]

function inUnits (ms: number): string {
  const [size, unit] = UNITS.find(([size]) => ms % size === 0) ?? [1, 'ms']
  return `${ms / size}${unit}`
}
