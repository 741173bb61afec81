import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cleanup } from '../helpers/cleanup.ts'
import type { Scraped } from './prometheus-server.ts'

/** A machine under collectd's name, and a label for its parts, so that each sample shows its machine. */
export interface Node { host: string, part: string, instance: string }

type Kind = 'counter' | 'gauge'
type Sample = readonly [name: string, kind: Kind, labels: Record<string, string>, value: number]

/**
 * Samples with sg-core's names and labels: `collectd_<plugin>_<type>[_<data source>][_total]` with host,
 * plugin_instance and type_instance ("base" where collectd has none); `ceilometer_<counter name>`;
 * `sensubility_container_health_status`. Counters rise from scrape to scrape.
 */
const COLLECTORS: Record<string, (node: Node, scrape: number) => Sample[]> = {
  coll: ({ host, part, instance }, scrape) => {
    const sample = (name: string, kind: Kind, plugin: string, type: string, value: number, of = host): Sample => [
      `collectd_${name}`, kind, { host: of, plugin_instance: plugin, type_instance: type }, value
    ]
    const counter = (name: string, plugin = part): Sample => sample(`${name}_total`, 'counter', plugin, 'base', 1000 * scrape)
    const sides = (name: string, ...ways: string[]): Sample[] => ways.map(way => counter(`${name}_${way}`))
    return [
      ...['idle', 'system', part].map(state => sample('cpu_percent', 'gauge', '0', state, 20)),
      ...['shortterm', 'midterm', 'longterm'].map(term => sample(`load_${term}`, 'gauge', 'base', 'base', 12)),
      ...['used', 'free', part].map(type => sample('memory', 'gauge', 'base', type, 1e9)),
      ...['used', 'free', 'reserved'].map(type => sample('df_df_complex', 'gauge', part, type, 1e10)),
      ...sides('disk_disk_octets', 'read', 'write'),
      ...['octets', 'errors', 'dropped'].flatMap(what => sides(`interface_if_${what}`, 'rx', 'tx')),
      sample('uptime', 'gauge', 'base', 'base', 86_400 + scrape),
      sample('libpodstats_pod_cpu_percent', 'gauge', part, 'base', 3),
      sample('libpodstats_pod_memory', 'gauge', part, 'base', 1e8),
      sample('virt_memory', 'gauge', 'base', 'total', 2e9, `instance-0000002a:${instance}:${host}`)
    ]
  },
  sens: ({ host, part }) => [['sensubility_container_health_status', 'gauge', { host, process: part }, 1]],
  ceil: ({ part, instance, host }, scrape) => ([
    ['cpu', 'counter', 5e8 * scrape, 'ns'], ['memory.usage', 'gauge', 512, 'MB']
  ] as const).map(([counter, kind, value, unit]): Sample =>
    [`ceilometer_${counter.replaceAll('.', '_')}`, kind, {
      [counter.split('.')[0]]: instance,
      publisher: host,
      type: counter.split('.').at(-1) ?? '',
      counter,
      project: 'p',
      unit,
      resource: instance,
      resource_name: part
    }, value])
}

/**
 * The Service Telemetry Framework's rules for Prometheus: the gateway's name becomes `service`, and `publisher` is
 * dropped.
 */
const RELABEL = [
  ...['pod', 'namespace', 'instance'].map(regex => ({ action: 'labeldrop', regex })),
  { action: 'replace', regex: '.*/(.*)$', replacement: '$1', source_labels: ['job'], target_label: 'service' },
  ...['job', 'publisher'].map(regex => ({ action: 'labeldrop', regex })),
  { action: 'replace', target_label: 'container', replacement: 'sg-core' },
  { action: 'replace', target_label: 'endpoint', replacement: 'prom-https' }
]

/** Serves the smart gateways of some clouds. Returns the targets for Prometheus. */
export async function startGateways (cleanup: Cleanup, clouds: Readonly<Record<string, readonly Node[]>>): Promise<Scraped[]> {
  let scrape = 0
  const server = createServer((request, response) => {
    const [cloud, collector] = (request.url ?? '').slice(1).split('/')
    scrape++
    response.setHeader('content-type', 'text/plain; version=0.0.4')
      .end(exposition(clouds[cloud].flatMap(node => COLLECTORS[collector](node, scrape))))
  }).listen(0, '127.0.0.1')
  cleanup.add(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  await once(server, 'listening')
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.keys(clouds).flatMap(cloud => Object.keys(COLLECTORS).map(collector => (
    { job: `scrapeConfig/service-telemetry/default-${cloud}-${collector}-meter`, target, path: `/${cloud}/${collector}`, relabel: RELABEL })))
}

/** Groups the samples of each metric under its type. */
function exposition (samples: readonly Sample[]): string {
  const metrics = new Map<string, string[]>()
  for (const [name, kind, labels, value] of samples) {
    const lines = metrics.get(name) ?? [`# TYPE ${name} ${kind}`]
    metrics.set(name, lines)
    lines.push(`${name}{${Object.entries(labels).map(([label, text]) => `${label}="${text}"`).join(',')}} ${value}`)
  }
  return `${[...metrics.values()].flat().join('\n')}\n`
}
