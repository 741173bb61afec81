import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'

/** From each dashboard to the others, at the same time and with the same variables. */
export function links (): DashboardLinkBuilder[] {
  return [new DashboardLinkBuilder('Lokean').type(DashboardLinkType.Dashboards).tags(['lokean']).keepTime(true).includeVars(true).asDropdown(false)]
}
