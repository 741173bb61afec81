import type { QuarantineReason } from '../messages/reasons.ts'
import type { EncoderSettings, GivenLabel, Mapping, Route } from '../messages/settings.ts'
import { tenantAt } from '../messages/tenant-at.ts'
import { toldFields } from '../input/fields.ts'
import { formatLabels } from '../streams/labels.ts'

type Labelling = Pick<EncoderSettings, 'lokiLabels' | 'origins'>

/** The labels that the settings give to all streams of an address, its quarantine streams included. */
export function labelsGiven ({ lokiLabels, origins }: Labelling, address: string): GivenLabel[] {
  const own = origins.find(origin => origin.address === address)?.labels ?? []
  return [...lokiLabels.filter(({ name }) => own.every(label => label.name !== name)), ...own]
}

/** The labels of the stream that gets the records of an address for this reason. */
export function quarantineLabels (settings: Labelling, address: string, reason: QuarantineReason): string {
  const given = quarantineGiven(settings, address).map(({ name, value }) => [name, value] as const)
  return formatLabels([...given, ['source', 'lokean'], ['quarantine', reason]])
}

/**
 * The fields that metadata tells of the quarantined records of an address: none where metadata is off, and none that is
 * a label of their stream. `source` is told: the label there is the program's own.
 */
export function toldOf (settings: Labelling & Pick<EncoderSettings, 'labels' | 'metadata' | 'routes'>, address: string): Mapping[] {
  const given = quarantineGiven(settings, address)
  return toldFields(settings).filter(({ name }) => given.every(label => label.name !== name))
}

function quarantineGiven (settings: Labelling, address: string): GivenLabel[] {
  return labelsGiven(settings, address).filter(({ name }) => name !== 'source' && name !== 'quarantine')
}

type Destinations = Pick<EncoderSettings, 'tenant' | 'quarantineTenant' | 'origins'>

/** The tenant that gets the quarantined records of an address. `route`: where a route sends them. */
export function quarantineTenant (
  { tenant: rule, quarantineTenant, origins }: Destinations, address: string, route?: Partial<Route>
): string {
  const origin = origins.find(origin => origin.address === address)
  const otherwise = rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : quarantineTenant
  return tenantAt(route?.tenant ?? origin?.tenant ?? otherwise, route?.path ?? origin?.path)
}

/** All tenants that may get quarantined records of an address: by each route, and by none. */
export function quarantineTenants (settings: Destinations & Pick<EncoderSettings, 'routes'>, address: string): string[] {
  return [...new Set([undefined, ...settings.routes].map(route => quarantineTenant(settings, address, route)))]
}
