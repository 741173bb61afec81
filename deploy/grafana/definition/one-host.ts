import { AnnotationQueryBuilder, DashboardBuilder, DashboardCursorSync, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { links } from './links.ts'
import { graph, logPanel, logVolume, stacked, states } from './panels.ts'
import { PROMETHEUS, asRegex, asTyped, raw } from './queries.ts'
import { hidden, levels, lokiLabel, lokiSource, prometheusSource, several, textBox } from './variables.ts'

export const UID = 'lokean-one-host'

const HOST = '{cloud=~"$cloud", host="$host"}'
const LOGS = `{cloud=~"$cloud", host="$host", source=~"$source"} |~ ${raw(`(?i)${asTyped('search')}`)} | detected_level=~"$level"`

/**
 * The Service Telemetry Framework scrapes one smart gateway for each cloud and collector. `service` names it
 * (`<instance>-<cloud>-coll-meter`; before STF 1.5 with a suffix). rsyslog and collectd may name a host by its short or
 * its full name.
 */
const gateway = (collector: 'coll' | 'sens' | 'ceil'): string => `service=~".+-$cloud-${collector}-meter.*"`
const NODE = `${asRegex('node')}([.].*)?`
const collectd = (more = ''): string => `{host=~${raw(NODE)}, ${gateway('coll')}${more}}`
/** collectd's virt plugin writes an instance in place of a host: `<domain>:<instance id>:<node>`. */
const virt = `{host=~${raw(`.+:.+:${NODE}`)}, ${gateway('coll')}}`
const instanceOf = (series: string): string => `label_replace(${series}, "resource", "$1", "host", ".+:(.+):.+")`
/**
 * Ceilometer's samples name no node, because STF drops `publisher`. So they are joined with the instances that collectd
 * sees on the chosen node.
 */
const here = `on (resource) group_left () group by (resource) (${instanceOf(`collectd_virt_memory${virt}`)})`

const perSecond = (metric: string, window = '$__rate_interval'): string => `sum by (plugin_instance) (rate(${metric}${collectd()}[${window}]))`
/** Ceilometer polls every five minutes. */
const POLLED = '15m'

const ALERTS = `ALERTS{alertstate="firing", host=~${raw(NODE)}, service=~".+-$cloud-[a-z]+-meter.*"}`

/**
 * Shows a host's logs, and below them the Service Telemetry Framework's measurements of the host over the same time.
 */
export function oneHost (): DashboardBuilder {
  return new DashboardBuilder('One host').uid(UID).tags(['lokean', 'openstack'])
    .description('A host\'s logs in Loki beside its metrics, container health and alerts as the Service Telemetry Framework keeps them in Prometheus.')
    .time({ from: 'now-1h', to: 'now' }).refresh('1m').timezone('browser').tooltip(DashboardCursorSync.Crosshair).links(links())
    .withVariable(lokiSource()).withVariable(prometheusSource())
    .withVariable(several(lokiLabel('cloud', '')))
    .withVariable(lokiLabel('host', '{cloud=~"$cloud"}'))
    .withVariable(hidden(lokiLabel('node', HOST, 'host').regex('/^([^.]+)/')))
    .withVariable(several(lokiLabel('source', HOST), '.*'))
    .withVariable(levels())
    .withVariable(textBox('search', 'Line matches', '', 'A regular expression, whatever the case.'))
    .annotation(new AnnotationQueryBuilder().name('Alerts').datasource(PROMETHEUS).enable(true).iconColor('red').expr(ALERTS)
      .titleFormat('{{alertname}}').tagKeys('severity').step('1m'))
    .withPanel(logVolume('Lines by level', [`sum by (detected_level) (count_over_time(${LOGS} [$__auto]))`, '{{detected_level}}']))
    .withPanel(logPanel('Logs', LOGS))
    .withPanel(stacked(graph('CPU by state', 'percent', [`avg by (type_instance) (collectd_cpu_percent${collectd(', type_instance!="idle"')})`, '{{type_instance}}'])))
    .withPanel(graph('Load', 'short', [
      `collectd_load_shortterm${collectd()}`, '1 min'
    ], [`collectd_load_midterm${collectd()}`, '5 min'], [`collectd_load_longterm${collectd()}`, '15 min']))
    .withPanel(stacked(graph('Memory', 'bytes', [`sum by (type_instance) (collectd_memory${collectd()})`, '{{type_instance}}'])))
    .withPanel(graph('File systems, part used', 'percentunit', [`sum by (plugin_instance) (collectd_df_df_complex${collectd(', type_instance="used"')}) / sum by (plugin_instance) (collectd_df_df_complex${collectd()})`, '{{plugin_instance}}']))
    .withPanel(graph('Disks', 'Bps', [
      perSecond('collectd_disk_disk_octets_read_total'), '{{plugin_instance}} read'
    ], [perSecond('collectd_disk_disk_octets_write_total'), '{{plugin_instance}} written']))
    .withPanel(graph('Network', 'Bps', [
      perSecond('collectd_interface_if_octets_rx_total'), '{{plugin_instance}} received'
    ], [perSecond('collectd_interface_if_octets_tx_total'), '{{plugin_instance}} sent']))
    .withPanel(graph('Network errors and drops', 'pps',
      ...(['errors', 'dropped'] as const).flatMap(kind => (['rx', 'tx'] as const).map(way =>
        [perSecond(`collectd_interface_if_${kind}_${way}_total`), `{{plugin_instance}} ${kind} ${way}`] as const))))
    .withPanel(graph('Uptime', 's', [`collectd_uptime${collectd()}`, 'uptime']))
    .withRow(new RowBuilder('Events'))
    .withPanel(states('Container health', [{ value: 1, text: 'healthy', colour: 'green' }, { value: 0, text: 'unhealthy', colour: 'red' }],
      [`sensubility_container_health_status{host=~${raw(NODE)}, ${gateway('sens')}}`, '{{process}}']))
    .withPanel(states('Alerts', [{ value: 1, text: 'firing', colour: 'red' }], [ALERTS, '{{alertname}}']))
    .withRow(new RowBuilder('Containers and instances'))
    .withPanel(graph('Containers, CPU, the ten with the most', 'percent', [`topk(10, sum by (plugin_instance) (collectd_libpodstats_pod_cpu_percent${collectd()}))`, '{{plugin_instance}}']))
    .withPanel(graph('Containers, memory, the ten with the most', 'bytes', [`topk(10, sum by (plugin_instance) (collectd_libpodstats_pod_memory${collectd()}))`, '{{plugin_instance}}']))
    .withPanel(graph('Instances, CPU in cores', 'short', [`rate(ceilometer_cpu{${gateway('ceil')}}[${POLLED}]) / 1e9 * ${here}`, '{{resource_name}} {{resource}}']))
    .withPanel(graph('Instances, memory used', 'decmbytes', [
      `ceilometer_memory_usage{${gateway('ceil')}} * ${here}`, '{{resource_name}} {{resource}}'
    ]))
}
