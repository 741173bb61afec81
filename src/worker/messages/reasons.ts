/** Why a record lies in quarantine. The metric `lokean_records_quarantined_total{reason}` has this closed list. */
export const QUARANTINE_REASONS = [
  'invalid_json', 'not_object', 'empty', 'no_message', 'no_timestamp', 'bad_timestamp', 'too_old', 'too_new', 'too_late',
  'no_labels', 'bad_tenant', 'too_many_streams', 'bad_body', 'worker_failed', 'refused'
] as const
export type QuarantineReason = typeof QUARANTINE_REASONS[number]

/**
 * How a record was changed so that Loki takes it. The metric `lokean_records_mended_total{reason}` has this closed
 * list.
 */
export const MEND_REASONS = [
  'utf8', 'label_cut', 'metadata_cut', 'line_split', 'backlog', 'year', 'escapes', 'nuls', 'names',
  'newlines'
] as const
export type MendReason = typeof MEND_REASONS[number]
