import { partsOfTenant, tenantAt } from '../worker/messages/tenant-at.ts'
import type { LokiClient } from './client.ts'
import { Deadline } from './deadline.ts'

/** The limits of a tenant that matter to a client. Undefined: Loki does not tell it, or has no such limit. */
export interface TenantLimits {
  maxLineBytes?: number
  /** Loki cuts a line that is too long, and does not refuse it. */
  cutsLines?: boolean
  maxAgeMs?: number
  maxAheadMs?: number
  /** Infinity: Loki tells that there is no limit. */
  maxStreams?: number
  burstBytes?: number
  maxLabels?: number
  enforcedLabels?: string[]
  takesMetadata?: boolean
  shardsStreams?: boolean
  movesEqualTimes?: boolean
}

const PATH = '/config/tenant/v1/limits'
/** The tenant of a Loki that asks for none. This endpoint wants a name even there. */
const NO_TENANT = 'fake'
const READ_MS = 10_000
const MIB = 2 ** 20
/** All limits of a tenant have some 10 KiB. */
const MAX_CHARACTERS = MIB

/**
 * Asks Loki for the limits of a tenant. Undefined where Loki does not tell them: before 3.6, behind a gateway that does
 * not pass the path on, or where it does not answer.
 */
export async function readTenantLimits (
  client: Pick<LokiClient, 'get'>, endpoint: number, tenant: string, signal: AbortSignal
): Promise<TenantLimits | undefined> {
  const request = new Deadline(READ_MS, signal)
  try {
    const { status, text } = await client.get(endpoint, named(tenant), PATH, request.signal)
    return status === 200 ? await parseTenantLimits(text) : undefined
  } catch {
    return undefined
  } finally {
    request.end()
  }
}

function named (tenant: string): string {
  const { name, path } = partsOfTenant(tenant)
  return tenantAt(name === '' ? NO_TENANT : name, path)
}

/** Undefined where the text is no map in YAML. An operator's allowlist may leave any key out. */
export async function parseTenantLimits (text: string): Promise<TenantLimits | undefined> {
  if (text.length > MAX_CHARACTERS) return undefined
  // The program starts without it: only a tenant's limits need it.
  const { parse } = await import('yaml')
  let told: unknown
  try {
    told = parse(text, { logLevel: 'error' })
  } catch {
    return undefined
  }
  if (!isMap(told)) return undefined
  const burst = positive(told.ingestion_burst_size_mb)
  const limits: TenantLimits = {
    maxLineBytes: byteSize(told.max_line_size),
    cutsLines: flag(told.max_line_size_truncate),
    maxAgeMs: told.reject_old_samples === false ? undefined : duration(told.reject_old_samples_max_age),
    maxAheadMs: duration(told.creation_grace_period),
    maxStreams: streamsLimit(told.max_streams_per_user, told.max_global_streams_per_user),
    burstBytes: burst === undefined ? undefined : burst * MIB,
    maxLabels: positive(told.max_label_names_per_series),
    enforcedLabels: names(told.enforced_labels),
    takesMetadata: flag(told.allow_structured_metadata),
    shardsStreams: isMap(told.shard_streams) ? flag(told.shard_streams.enabled) : undefined,
    movesEqualTimes: flag(told.increment_duplicate_timestamp)
  }
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))
}

function isMap (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flag (value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** Loki's word for no limit is 0. */
function positive (value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}

/** One is for each ingester, the other for all together. */
function streamsLimit (...limits: [local: unknown, global: unknown]): number | undefined {
  if (limits.every(limit => limit === 0)) return Infinity
  const told = limits.map(positive).filter(limit => limit !== undefined)
  return told.length === 0 ? undefined : Math.min(...told)
}

function names (value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter(name => typeof name === 'string' && /^\w+$/.test(name)) : undefined
}

const BYTE_UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E']

/** `256KB` or `250000B`: Go's units are powers of 1,024, by either spelling. */
function byteSize (value: unknown): number | undefined {
  if (typeof value === 'number') return positive(value)
  const [, number, unit = ''] = /^([\d.]+)\s*([KMGTPE]?)i?B?$/i.exec(String(value)) ?? []
  return number === undefined ? undefined : positive(Math.round(Number(number) * 1024 ** BYTE_UNITS.indexOf(unit.toUpperCase())))
}

const SECOND = 1_000
const DAY = 86_400 * SECOND
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: SECOND, m: 60 * SECOND, h: 3_600 * SECOND, d: DAY, w: 7 * DAY, y: 365 * DAY
}

/** `1w`, `1d12h` or `168h0m0s`, as Prometheus and Go write durations. */
function duration (value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(?:[\d.]+(?:ns|us|µs|ms|[smhdwy]))+$/.test(value)) return undefined
  let ms = 0
  for (const [, number, unit = ''] of value.matchAll(/([\d.]+)([a-zµ]+)/g)) ms += Number(number) * (UNIT_MS[unit] ?? NaN)
  return positive(ms)
}
