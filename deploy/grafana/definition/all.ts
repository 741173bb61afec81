import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard'
import { lokean } from './lokean.ts'
import { oneHost } from './one-host.ts'
import { openstackLogs } from './openstack-logs.ts'

export const FOLDER = 'deploy/grafana/dashboards'

/** Returns each dashboard's file in FOLDER with its text. */
export function dashboardFiles (): Map<string, string> {
  const dashboards = [openstackLogs(), oneHost(), lokean()].map(builder => numbered(builder.build()))
  return new Map(dashboards.map(dashboard => [`${dashboard.uid}.json`, `${JSON.stringify(dashboard, undefined, 2)}\n`]))
}

const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === 'row'

/** Links name panels by number, so each number is set here; Grafana would choose its own. */
function numbered (dashboard: Dashboard): Dashboard {
  let id = 0
  for (const panel of dashboard.panels ?? []) {
    panel.id = ++id
    if (isRow(panel)) for (const inner of panel.panels) inner.id = ++id
  }
  return dashboard
}
