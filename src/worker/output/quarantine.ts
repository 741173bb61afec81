import type { EncoderSettings, GivenLabel, QuarantineReason } from '../messages.ts'
import { formatLabels } from '../streams/labels.ts'

/** The labels that the settings give to all streams of an address, its quarantine streams included. */
export function labelsGiven ({ lokiLabels, origins }: Pick<EncoderSettings, 'lokiLabels' | 'origins'>, address: string): GivenLabel[] {
  const own = origins.find(origin => origin.address === address)?.labels ?? []
  return [...lokiLabels.filter(({ name }) => own.every(label => label.name !== name)), ...own]
}

/** The labels of the stream that gets the records of an address for this reason. */
export function quarantineLabels (
  settings: Pick<EncoderSettings, 'lokiLabels' | 'origins'>, address: string, reason: QuarantineReason
): string {
  const given = labelsGiven(settings, address).filter(({ name }) => name !== 'source' && name !== 'quarantine')
  return formatLabels([...given.map(({ name, value }) => [name, value] as const), ['source', 'lokean'], ['quarantine', reason]])
}

/** The tenant that gets the quarantined records of an address. */
export function quarantineTenant ({ tenant: rule, quarantineTenant, origins }: EncoderSettings, address: string): string {
  const own = origins.find(origin => origin.address === address)?.tenant
  if (own !== undefined) return own
  return rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : quarantineTenant
}
