import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGenerator } from '../../../src/generator/generator.ts'
import { CLASSIC_SOURCES } from '../../../src/generator/sources.ts'
import { encodeMessages } from '../../helpers/encode-records.ts'
import { parseSelector } from '../../helpers/selector.ts'
import { ARRIVAL, sha256 } from '../../helpers/worker-fixtures.ts'

/** Shortly before the batches arrive. */
const NOW = ARRIVAL.seconds * 1000 - 1000

/** What the lines of programs with formats of their own say. */
const LEVELS: Record<string, string[]> = {
  etcd: ['info', 'warning'],
  haproxy: ['info', 'none'],
  httpd: ['error', 'info', 'warning'],
  libvirt: ['error', 'info', 'warning'],
  mariadb: ['error', 'info', 'warning'],
  node_exporter: ['error', 'info'],
  'octavia-api': ['error', 'info', 'warning'],
  'ovs-vswitchd': ['info', 'warning'],
  pacemaker: ['info', 'warning'],
  rabbitmq: ['error', 'info', 'warning'],
  redis: ['info', 'warning'],
  'ceph-osd': ['error', 'info']
}

test('each program\'s records have the levels that its lines say', () => {
  const generator = createGenerator({ hosts: 20, seed: 3, recordsPerMessage: 500, now: () => NOW })
  const { entries } = encodeMessages(Array.from({ length: 200 }, () => generator.next().message))
  const found = new Map<string, Set<string>>()
  for (const { labels, metadata } of entries) {
    const { source = '' } = parseSelector(labels)
    found.set(source, (found.get(source) ?? new Set()).add(metadata.level ?? 'none'))
  }
  for (const [source, levels] of Object.entries(LEVELS)) assert.deepEqual([...found.get(source) ?? []].sort(), levels, source)
})

test('with the benches\' sources, a seed gives the bytes that their kept figures were measured with', () => {
  const generator = createGenerator({ hosts: 40, seed: 1, recordsPerMessage: 100, now: () => NOW, sources: CLASSIC_SOURCES })
  const messages = Array.from({ length: 200 }, () => generator.next().message)
  assert.equal(sha256(messages), '99e922dfe962a26e81192a9086894d5ae164c69b59586a77cb85b6081cf64336')
})
