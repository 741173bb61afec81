import { type Fields, HOST, HOSTNAME } from '../input/fields.ts'
import type { EncoderSettings, GivenLabel, Origin } from '../messages/settings.ts'
import { type RouteRule, routeRules } from './routes.ts'

interface LabelRule { name: string, slot: number, value: string }

/**
 * How the records of an origin get labels and a tenant: from the field in `slot`, or from `value` where `slot` is -1.
 */
export interface LabelRules {
  labels: LabelRule[]
  /** Those of the labels that tell a host: its own, and those of cloud and region, as names of hosts recur. */
  hostLabels: LabelRule[]
  tenant: { slot: number, value: string, path?: string }
  routes: RouteRule[]
}

/** The rules for addresses without settings of their own. */
export function defaultRules ({ labels, lokiLabels, routes, tenant: rule }: EncoderSettings, fields: Fields): LabelRules {
  const named = labels.map(({ name, field }) => ({ name, slot: fields.slot(field), value: '' }))
  const isHost = ({ slot }: LabelRule): boolean => slot === HOST || slot === HOSTNAME
  const places = [fields.slot('cloud'), fields.slot('region')]
  const all = overridden(named, lokiLabels)
  const telling = new Set(named.filter(rule => isHost(rule) || places.includes(rule.slot)).map(({ name }) => name))
  return {
    labels: all,
    hostLabels: named.some(isHost) ? all.filter(({ name }) => telling.has(name)) : [],
    tenant: rule.kind === 'field'
      ? { slot: fields.slot(rule.field), value: '' }
      : { slot: -1, value: rule.kind === 'fixed' ? rule.tenant : '' },
    routes: routeRules(routes, all, field => fields.slot(field))
  }
}

export function rulesFor (
  { labels, tenant, path }: Origin, others: LabelRules, { routes }: Pick<EncoderSettings, 'routes'>, fields: Fields
): LabelRules {
  const telling = labels.filter(({ name }) => others.hostLabels.some(label => label.name === name))
  const all = overridden(others.labels, labels)
  return {
    labels: all,
    hostLabels: overridden(others.hostLabels, telling),
    tenant: { ...(tenant === undefined ? others.tenant : { slot: -1, value: tenant }), path },
    routes: routeRules(routes, all, field => fields.slot(field))
  }
}

/** The labels with the given ones in place of those of the same name. */
function overridden (labels: LabelRule[], given: readonly GivenLabel[]): LabelRule[] {
  const rest = labels.filter(({ name }) => given.every(label => label.name !== name))
  return [...rest, ...given.map(label => ({ ...label, slot: -1 }))]
}
