import { DashboardBuilder, DashboardCursorSync, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { links } from './links.ts'
import { logPanel, logVolume, tally } from './panels.ts'
import { asTyped, raw } from './queries.ts'
import { levels, lokiLabel, lokiSource, several, textBox } from './variables.ts'

export const UID = 'lokean-openstack-logs'

/** No line holds this placeholder, so the row of requests stays empty until a request is chosen. */
const NO_REQUEST = 'req-none'

const CHOSEN = '{cloud=~"$cloud", region=~"$region", host=~"$host", source=~"$source"}'
/**
 * Loki yields at most 500 series (max_query_series), and works out a sum by host for all hosts before it takes the ten
 * with the most. So what has one series for each host is counted from lines.
 *
 * The condition on the line is cheap, so it comes before that on the metadata.
 */
const FILTERED = `${CHOSEN} |~ ${raw(`(?i)${asTyped('search')}`)} | detected_level=~"$level"`
/**
 * Searches all services and hosts of the clouds by line. So it also finds lines where the request is another one's
 * global request.
 */
const REQUEST = `{cloud=~"$cloud"} |= ${raw(asTyped('request_id'))}`

/** Shows all logs by cloud, region, host, service and level, and the path of one request through all services. */
export function openstackLogs (): DashboardBuilder {
  return new DashboardBuilder('OpenStack logs').uid(UID).tags(['lokean', 'openstack']).description('The logs of OpenStack clouds in Loki, as Lokean stores them.')
    .time({ from: 'now-1h', to: 'now' }).refresh('1m').timezone('browser').tooltip(DashboardCursorSync.Crosshair).links(links())
    .withVariable(lokiSource())
    .withVariable(several(lokiLabel('cloud', '')))
    .withVariable(several(lokiLabel('region', '{cloud=~"$cloud"}'), '.*'))
    .withVariable(several(lokiLabel('host', '{cloud=~"$cloud", region=~"$region"}'), '.*'))
    .withVariable(several(lokiLabel('source', '{cloud=~"$cloud", region=~"$region", host=~"$host"}'), '.*'))
    .withVariable(levels())
    .withVariable(textBox('search', 'Line matches', '', 'A regular expression, whatever the case; an instance\'s id, for example.'))
    .withVariable(textBox('request_id', 'Request', NO_REQUEST, 'A request id (req-...), followed in the row "One request". Log lines link to it.'))
    .withPanel(logVolume('Lines by level', [`sum by (detected_level) (count_over_time(${FILTERED} [$__auto]))`, '{{detected_level}}']))
    .withPanel(logVolume('Lines by service, the ten with the most', [`topk(10, sum by (source) (count_over_time(${FILTERED} [$__auto])))`, '{{source}}']).span(12))
    .withPanel(tally('Errors by host, among the newest 1,000', `${CHOSEN} | detected_level=~"error|critical"`, ['host']).span(12))
    .withPanel(logPanel('Logs', FILTERED))
    .withRow(new RowBuilder('One request: $request_id').collapsed(true)
      .withPanel(tally('Its way through services and hosts', REQUEST, ['source', 'host'], 'oldest first'))
      .withPanel(logPanel('Its log, oldest first', REQUEST, 'oldest first')))
}
