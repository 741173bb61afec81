import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'

/** Links each dashboard to the others with the same time range and the same variables. */
export function links (): DashboardLinkBuilder[] {
  return [new DashboardLinkBuilder('Lokean').type(DashboardLinkType.Dashboards).tags(['lokean']).keepTime(true).includeVars(true)
    .asDropdown(false)]
}
