import { defaultLimits, type Limits } from './push/limits.ts'
import { promDuration } from './push/loki-text.ts'
import { serviceNameSources } from './store/label-set.ts'
import type { LokiVersion } from './version.ts'

type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value }

/** What Loki publishes of a tenant's limits unless its operator says otherwise. */
export const publishedLimits: readonly string[] = [
  'discover_log_levels', 'discover_service_name', 'log_level_fields', 'max_entries_limit_per_query', 'max_line_size_truncate',
  'max_query_bytes_read', 'max_query_length',
  'max_query_lookback', 'max_query_range', 'max_query_series', 'metric_aggregation_enabled', 'otlp_config', 'pattern_persistence_enabled',
  'query_timeout', 'retention_period',
  'retention_stream', 'volume_enabled', 'volume_max_series'
]

const levelFields = ['level', 'LEVEL', 'Level', 'log.level', 'severity', 'SEVERITY', 'Severity', 'SeverityText', 'lvl', 'LVL', 'Lvl',
  'severity_text', 'Severity_Text',
  'SEVERITY_TEXT']
const resourceAttributes = ['service.name', 'service.namespace', 'service.instance.id', 'deployment.environment',
  'deployment.environment.name', 'cloud.region',
  'cloud.availability_zone', 'k8s.cluster.name', 'k8s.namespace.name', 'k8s.pod.name', 'k8s.container.name', 'container.name',
  'k8s.replicaset.name', 'k8s.deployment.name',
  'k8s.statefulset.name', 'k8s.daemonset.name', 'k8s.cronjob.name', 'k8s.job.name']

/** What is the same for every tenant here: Loki's defaults. */
const settled: Record<string, Value> = {
  discover_log_levels: true,
  discover_service_name: serviceNameSources,
  log_level_fields: levelFields,
  max_line_size_truncate: false,
  max_query_bytes_read: '0B',
  max_query_lookback: '0s',
  max_query_range: '0s',
  metric_aggregation_enabled: false,
  otlp_config: { resource_attributes: { attributes_config: [{ action: 'index_label', attributes: resourceAttributes }] } },
  pattern_persistence_enabled: false,
  query_timeout: '1m',
  retention_period: '0s',
  volume_enabled: true,
  volume_max_series: 1000
}

/**
 * A tenant's limits by Loki's names, sorted, as far as they are published; an empty list publishes all that there are.
 */
export function tenantLimits (limits: Limits, published = publishedLimits): Record<string, Value> {
  const mebibytes = (bytes: number): number => off(bytes) / 1_048_576
  const all: Record<string, Value> = {
    ...settled,
    allow_structured_metadata: limits.metadata,
    creation_grace_period: promDuration(off(limits.aheadMs)),
    enforced_labels: limits.enforcedLabels,
    increment_duplicate_timestamp: limits.incrementDuplicateTimestamp,
    ingestion_burst_size_mb: mebibytes(limits.burstBytes),
    ingestion_rate_mb: mebibytes(limits.rateBytes),
    max_entries_limit_per_query: off(limits.queryEntries),
    max_global_streams_per_user: off(limits.streams),
    max_label_name_length: off(limits.labelNameBytes),
    max_label_names_per_series: off(limits.labelNames),
    max_label_value_length: off(limits.labelValueBytes),
    max_line_size: byteSize(off(limits.lineBytes)),
    max_query_length: promDuration(off(limits.queryLengthMs)),
    max_query_series: off(limits.querySeries),
    max_structured_metadata_entries_count: off(limits.metadataPairs),
    max_structured_metadata_size: byteSize(off(limits.metadataBytes)),
    reject_old_samples: limits.maxAgeMs !== Infinity,
    reject_old_samples_max_age: promDuration(off(limits.maxAgeMs)),
    shard_streams: {
      enabled: limits.shardRateBytes !== Infinity,
      time_sharding_enabled: false,
      time_sharding_ignore_recent: '40m0s',
      logging_enabled: false,
      desired_rate: byteSize(limits.shardRateBytes === Infinity ? defaultLimits.shardRateBytes : limits.shardRateBytes)
    }
  }
  const names = Object.keys(all).filter((name) => published.length === 0 || published.includes(name)).sort()
  return Object.fromEntries(names.map((name) => [name, all[name]!]))
}

/** Loki's word for no limit is 0. */
const off = (limit: number): number => limit === Infinity ? 0 : limit

/** `256KB`: in the largest unit of which it is a whole number. */
function byteSize (bytes: number): string {
  if (bytes === 0) return '0B'
  const units = ['B', 'KB', 'MB', 'GB']
  let power = 0
  while (power < units.length - 1 && bytes % 1024 ** (power + 1) === 0) power++
  return `${bytes / 1024 ** power}${units[power]}`
}

/** The bodies of the two endpoints that tell a tenant's limits, and their content types. */
export const limitsBodies: Record<string, (limits: Record<string, Value>, version: LokiVersion) => [text: string, type: string]> = {
  '/config/tenant/v1/limits': (limits) => [yamlMap(limits, ''), 'text/plain; charset=utf-8'],
  '/loki/api/v1/drilldown-limits': (limits, version) => [
    JSON.stringify({ limits, pattern_ingester_enabled: true, version }) + '\n', 'application/json'
  ]
}

/** As Go's YAML writes it: a list stands no deeper than its name, a map does, and a million is 1e+06. */
function yamlMap (map: Readonly<Record<string, Value>>, indent: string): string {
  return Object.entries(map).map(([name, value]) => `${indent}${name}:${yamlValue(value, isList(value) ? indent : indent + '  ')}`).join('')
}

function yamlValue (value: Value, indent: string): string {
  if (typeof value === 'number' && value >= 1e6) return ` ${value.toExponential().replace(/e\+(?=\d$)/, 'e+0')}\n`
  if (typeof value !== 'object') return ` ${String(value)}\n`
  if (!isList(value)) return '\n' + yamlMap(value, indent)
  if (value.length === 0) return ' []\n'
  return '\n' + value.map((item) => `${indent}-${yamlValue(item, indent + '  ').replace(/^\n */, ' ')}`).join('')
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)
