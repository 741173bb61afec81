import type { QuarantineReason } from '../messages/reasons.ts'
import type { EncoderSettings, GivenLabel, Mapping } from '../messages/settings.ts'
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
export function toldOf (settings: Labelling & Pick<EncoderSettings, 'labels' | 'metadata'>, address: string): Mapping[] {
  const given = quarantineGiven(settings, address)
  return toldFields(settings).filter(({ name }) => given.every(label => label.name !== name))
}

function quarantineGiven (settings: Labelling, address: string): GivenLabel[] {
  return labelsGiven(settings, address).filter(({ name }) => name !== 'source' && name !== 'quarantine')
}

/** The tenant that gets the quarantined records of an address. */
export function quarantineTenant ({ tenant: rule, quarantineTenant, origins }: EncoderSettings, address: string): string {
  const own = origins.find(origin => origin.address === address)?.tenant
  if (own !== undefined) return own
  return rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : quarantineTenant
}
