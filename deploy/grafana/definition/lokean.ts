import { DashboardBuilder, DashboardCursorSync, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { links } from './links.ts'
import { figure, graph, logPanel, logVolume, naming, stacked } from './panels.ts'
import type { Plot } from './queries.ts'
import { lokiSource, prometheusLabel, prometheusSource, several } from './variables.ts'

export const UID = 'lokean'

const CHOSEN = '{job=~"$job", instance=~"$instance"}'
const rate = (metric: string): string => `rate(${metric}${CHOSEN}[$__rate_interval])`
const total = (metric: string, by = ''): string => `sum${by === '' ? '' : ` by (${by})`} (${rate(metric)})`
const perLabel = (metric: string, label: string): Plot => [total(metric, label), `{{${label}}}`]
const perInstance = (metric: string, legend = '{{instance}}'): Plot => [`${metric}${CHOSEN}`, legend]
/** Plots the median and the 99th percentile. */
const quantiles = (histogram: string): Plot[] => [
  0.5, 0.99
].map(part => [`histogram_quantile(${part}, ${total(`${histogram}_bucket`, 'le')})`, `p${part * 100}`])
const mean = (histogram: string, legend: string): Plot => [`${total(`${histogram}_sum`)} / ${total(`${histogram}_count`)}`, legend]

const QUARANTINE = '{source="lokean", quarantine=~".+"}'

/** Shows the program itself: what flows, what waits, how Loki answers, and what lies in quarantine. */
export function lokean (): DashboardBuilder {
  return new DashboardBuilder('Lokean').uid(UID).tags(['lokean']).description('From the bus to Loki: rates, lag, credit, pushes, quarantine, workers, memory.')
    .time({ from: 'now-1h', to: 'now' }).refresh('30s').timezone('browser').tooltip(DashboardCursorSync.Crosshair).links(links())
    .withVariable(prometheusSource()).withVariable(lokiSource())
    .withVariable(several(prometheusLabel('job', 'lokean_build_info')))
    .withVariable(several(prometheusLabel('instance', 'lokean_build_info{job=~"$job"}')))
    .withPanel(figure('Stored', 'reqps', [total('lokean_records_stored_total'), 'records/s']).unit('short'))
    .withPanel(figure('Lag, p99', 's', quantiles('lokean_lag_seconds')[1]))
    .withPanel(figure('Links down', 'short', [`count(lokean_link_up${CHOSEN}) - sum(lokean_link_up${CHOSEN})`, 'links']))
    .withPanel(figure('In flight, of the limit', 'percentunit', [`max(lokean_inflight_bytes${CHOSEN} / lokean_inflight_bytes_limit${CHOSEN})`, 'part']))
    .withPanel(figure('Since the last push that Loki took', 's', [`max(time() - lokean_last_push_success_timestamp_seconds${CHOSEN})`, 'seconds']))
    .withPanel(naming('Version', [`count by (version, node) (lokean_build_info${CHOSEN})`, '{{version}}']))
    .withRow(new RowBuilder('Flow'))
    .withPanel(graph('Records', 'short', [
      total('lokean_records_received_total', 'address'), '{{address}} received/s'
    ], [total('lokean_records_stored_total', 'address'), '{{address}} stored/s']))
    .withPanel(graph('Messages', 'short', [
      total('lokean_messages_received_total', 'address'), '{{address}} received/s'
    ], [total('lokean_messages_settled_total', 'address'), '{{address}} settled/s']))
    .withPanel(graph('Bytes from the bus', 'Bps', perLabel('lokean_received_bytes_total', 'address')))
    .withPanel(graph('Lag, from a record\'s time to its storage', 's', ...quantiles('lokean_lag_seconds')))
    .withPanel(graph('Credit: messages the bus may send', 'short', perInstance('lokean_credit', '{{address}} {{instance}}')))
    .withPanel(graph(
      'In flight, and the limit', 'bytes', perInstance('lokean_inflight_bytes', '{{address}} {{instance}}'),
      perInstance('lokean_inflight_bytes_limit', '{{address}} {{instance}} limit')
    ))
    .withPanel(graph('Age of the oldest delivery that is not settled', 's', [
      `max by (address) (lokean_oldest_unsettled_seconds${CHOSEN})`, '{{address}}'
    ]))
    .withPanel(stacked(graph('Where bytes wait', 'bytes', [`sum by (stage) (lokean_queue_bytes${CHOSEN})`, '{{stage}}'])))
    .withPanel(graph('The bus', 'short', perInstance('lokean_link_up', '{{address}} {{instance}} up'), [
      total('lokean_bus_connects_total'), 'connects/s'
    ], [total('lokean_bus_disconnects_total'), 'disconnects/s']))
    .withPanel(graph(
      'Datagrams that the kernel dropped (with LOKEAN_SOCKET)', 'short', perLabel('lokean_datagrams_dropped_total', 'address')
    ))
    .withRow(new RowBuilder('Pushes to Loki'))
    .withPanel(graph('Push latency', 's', ...quantiles('lokean_push_duration_seconds'), mean('lokean_push_duration_seconds', 'mean')))
    .withPanel(stacked(graph('Pushes by answer', 'reqps', perLabel('lokean_pushes_total', 'status'))))
    .withPanel(graph('Pushes made again, by reason', 'reqps', perLabel('lokean_push_retries_total', 'reason')))
    .withPanel(graph('Records pushed again, found in Loki instead, or sent again by senders', 'short', [
      total('lokean_records_resent_total', 'reason'), '{{reason}} pushed again/s'
    ], [total('lokean_records_found_total'), 'found/s'], [
      total('lokean_records_redelivered_total', 'address'), '{{address}} redelivered/s'
    ], [
      total('lokean_listener_recognised_total', 'address'), '{{address}} recognised, and not taken again/s'
    ]))
    .withPanel(graph(
      'Size of a push', 'bytes', mean('lokean_push_bytes', 'compressed'), mean('lokean_push_uncompressed_bytes', 'before compression')
    ))
    .withPanel(graph('Records and parts in a push', 'short', mean('lokean_push_records', 'records'), mean('lokean_push_parts', 'parts')))
    .withPanel(graph(
      'Streams, and shards in use', 'short', perInstance('lokean_streams', '{{instance}} streams'),
      perInstance('lokean_sink_lanes', '{{instance}} shards')
    ))
    .withPanel(stacked(graph('Shards that wait before they push again, by reason', 'short', [
      `sum by (reason) (lokean_sink_lanes_waiting${CHOSEN})`, '{{reason}}'
    ])))
    .withPanel(graph('Since Loki last took a push of each tenant', 's', [
      `time() - max by (tenant) (lokean_tenant_last_push_success_timestamp_seconds${CHOSEN} > 0)`, 'tenant {{tenant}}'
    ]))
    .withPanel(graph('What waits of each tenant, compressed', 'bytes', [
      `sum by (tenant) (lokean_tenant_waiting_bytes${CHOSEN})`, 'tenant {{tenant}}'
    ]))
    .withPanel(graph('Streams of each tenant, of its limit', 'percentunit', [
      `max by (tenant) (lokean_tenant_streams${CHOSEN} / lokean_tenant_streams_limit${CHOSEN})`, 'tenant {{tenant}}'
    ]))
    .withPanel(graph('Senders of LOKEAN_LISTEN', 'short', [
      `sum by (address) (lokean_listener_connections${CHOSEN})`, '{{address}} connected'
    ], [
      `sum by (address) (lokean_listener_waiting${CHOSEN})`, '{{address}} wait for a place'
    ], [total('lokean_listener_accepted_total', 'address'), '{{address}} came/s'], [
      total('lokean_listener_faults_total', 'address'), '{{address}} at fault/s'
    ]))
    .withRow(new RowBuilder('Filtered, quarantined, mended and dead-lettered'))
    .withPanel(graph('Quarantined, by reason', 'short', perLabel('lokean_records_quarantined_total', 'reason')))
    .withPanel(graph('What the filters dropped and redacted, by rule', 'short', [
      total('lokean_records_dropped_total', 'rule'), '{{rule}} dropped/s'
    ], [total('lokean_records_redacted_total', 'rule'), '{{rule}} redacted/s']))
    .withPanel(graph('Mended and dead-lettered, by reason', 'short', [
      total('lokean_records_mended_total', 'reason'), '{{reason}} mended/s'
    ], [total('lokean_records_empty_total', 'address'), '{{address}} empty/s'], [
      total('lokean_records_joined_total', 'address'), '{{address}} joined/s'
    ], [
      total('lokean_records_dead_lettered_total', 'reason'), '{{reason}} dead letters/s'
    ]))
    .withPanel(graph(
      'The dead-letter directory, and its limit', 'bytes', perInstance('lokean_dead_letter_bytes'),
      perInstance('lokean_dead_letter_bytes_limit', '{{instance}} limit')
    ))
    .withPanel(graph(
      'A full dead-letter directory', 'short', perInstance('lokean_dead_letter_blocked', '{{instance}} holds records'),
      [total('lokean_dead_letters_deleted_total', 'instance'), '{{instance}} deleted/s']
    ))
    .withPanel(logVolume('Lines in quarantine', [`sum by (quarantine) (count_over_time(${QUARANTINE} [$__auto]))`, '{{quarantine}}']))
    .withPanel(logPanel('Quarantine', QUARANTINE).height(8))
    .withRow(new RowBuilder('Workers and process'))
    .withPanel(graph('Workers, part of their time spent working', 'percentunit', [`${rate('lokean_worker_busy_seconds_total')} / lokean_workers${CHOSEN}`, '{{instance}}']).max(1))
    .withPanel(graph('Worker threads, and what they failed on', 'short', perInstance('lokean_workers', '{{instance}} threads'), [
      total('lokean_worker_failures_total', 'kind'), '{{kind}}/s'
    ]))
    .withPanel(graph('Time to encode a batch', 's', ...quantiles('lokean_encode_duration_seconds')))
    .withPanel(graph('Size of a batch', 'short', mean('lokean_batch_records', 'records'), mean('lokean_batch_bytes', 'bytes')))
    .withPanel(graph('Until the certificates of the settings end', 's', [
      `min by (setting) (lokean_certificate_expiry_timestamp_seconds${CHOSEN}) - time()`, '{{setting}}'
    ]))
    .withPanel(graph(
      'Memory', 'bytes', perInstance('process_resident_memory_bytes', '{{instance}} resident'),
      perInstance('nodejs_heap_size_used_bytes', '{{instance}} heap used'),
      perInstance('nodejs_external_memory_bytes', '{{instance}} outside the heap')
    ))
    .withPanel(graph('CPU, in cores', 'short', [rate('process_cpu_seconds_total'), '{{instance}}']))
}
