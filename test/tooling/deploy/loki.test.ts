import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { documents, KUBERNETES, settings } from '../../helpers/manifests.ts'

interface Loki {
  limits_config: Record<string, string | number | boolean>
  ingester: Record<string, string>
  pattern_ingester: { enabled: boolean }
}

const [limits] = documents<Loki>('deploy/loki/limits.yaml')
const [loki] = documents<Loki>('deploy/loki/loki.yaml')
const MIB = 2 ** 20

const ms = (text: unknown): number => Number.parseFloat(String(text)) * { h: 3600e3, m: 60e3 }[String(text).slice(-1) as 'h' | 'm']
/** Loki's KB are KiB. */
const bytes = (text: unknown): number => Number.parseFloat(String(text)) * { KB: 1024, MB: MIB }[String(text).slice(-2) as 'KB' | 'MB']

test('the Loki of the compose file has the limits for a large cloud', () => {
  const { limits_config: config, ingester, pattern_ingester: patterns } = loki
  assert.deepEqual({ limits_config: config, ingester, pattern_ingester: patterns }, limits)
})

test('Logs Drilldown finds what it wants', () => {
  const { limits_config: config, pattern_ingester: patterns } = limits
  assert.deepEqual([config.volume_enabled, config.discover_log_levels, patterns.enabled], [true, true, true])
  const hosts = /\b([\d,]+) hosts\b/.exec(readFileSync('deploy/loki/limits.yaml', 'utf8'))?.[1].replace(',', '')
  assert.ok(Number(config.max_query_series) > Number(hosts), 'by host, too')
})

test('Lokean knows the limits that Loki is given', () => {
  const { limits_config: config, ingester } = limits
  const { loki: known, pushBytes, metadata } = loadConfig({}).config
  assert.deepEqual(
    [known.maxLineBytes, known.maxAgeMs, known.maxAheadMs, known.maxDisorderMs * 2],
    [bytes(config.max_line_size), ms(config.reject_old_samples_max_age), ms(config.creation_grace_period), ms(ingester.max_chunk_age)])
  assert.equal(config.reject_old_samples, true)
  assert.ok(metadata.length > 0 && config.allow_structured_metadata === true)
  // A push, and the largest part of one stream in it, must fit into the burst.
  assert.ok(Number(config.ingestion_burst_size_mb) * 1e6 > pushBytes && bytes(config.per_stream_rate_limit_burst) > pushBytes)
  assert.ok(Number(config.ingestion_burst_size_mb) >= Number(config.ingestion_rate_mb))
})

test('the example of three clouds stops short of the streams that a tenant may have', () => {
  const { LOKEAN_MAX_STREAMS: most } = settings(`${KUBERNETES}/overlays/three-clouds`)
  assert.ok(Number(most) < Number(limits.limits_config.max_global_streams_per_user))
})
