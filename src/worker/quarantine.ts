import { type EncoderSettings, QUARANTINE_REASONS, type QuarantineReason } from '../types.ts'
import { formatLabels } from './labels.ts'

/** The quarantine stream of each reason. */
export const QUARANTINE_LABELS = Object.fromEntries(
  QUARANTINE_REASONS.map(reason => [reason, formatLabels([['source', 'lokean'], ['quarantine', reason]])])
) as Record<QuarantineReason, string>

/** The tenant it belongs to. */
export function quarantineTenant ({ tenant: rule, quarantineTenant }: EncoderSettings): string {
  return rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : quarantineTenant
}
