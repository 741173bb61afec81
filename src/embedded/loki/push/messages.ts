import type { LokiVersion } from '../version.ts'

/** What Loki says where a limit strikes. */
export interface Messages {
  rateLimited (tenant: string, limit: number, lines: number, bytes: number): string
  lineTooLong (limit: number, stream: string, bytes: number): string
  streamLimit (stream: string, tenant: string): string
  metadataDisallowed (stream: string): string
  metadataTooLarge (stream: string, bytes: number, limit: number): string
  metadataTooMany (stream: string, pairs: number, limit: number): string
  missingLabels (names: string, tenant: string, stream: string): string
  seriesLimit (limit: number): string
}

const ask = 'or contact your Loki administrator to see if the limit can be increased'

export function messagesOf (version: LokiVersion): Messages {
  const old = version === '3.4.6'
  const begin = (word: string): string => old ? word[0]!.toUpperCase() + word.slice(1) : word
  const see = (setting: string, to: string): string => `. Please see \`limits_config.${setting}\` or contact your Loki administrator to ${to}${old ? '.' : ''}`
  return {
    rateLimited: (tenant, limit, lines, bytes) => begin('ingestion') + ` rate limit exceeded for user ${tenant} (limit: ${limit} bytes/sec) while attempting to ingest ` +
      `'${lines}' lines totaling '${bytes}' bytes, reduce log volume ${ask}`,
    lineTooLong: (limit, stream, bytes) => begin('max') + ` entry size '${limit}' bytes exceeded for stream '${stream}' while adding an entry with length '${bytes}' bytes`,
    streamLimit: (stream, tenant) => begin('maximum') + ` active stream limit exceeded when trying to create stream ${stream}, reduce the number of active streams ` +
      `(reduce labels or reduce label values), ${ask}, user: '${tenant}'`,
    metadataDisallowed: (stream) => `stream '${stream}' includes structured metadata, but this feature is disallowed${see('allow_structured_metadata', 'enable it')}`,
    metadataTooLarge: (stream, bytes, limit) =>
      `stream '${stream}' has structured metadata too large: '${bytes}' bytes, limit: '${limit}' bytes${see('max_structured_metadata_size', 'increase it')}`,
    metadataTooMany: (stream, pairs, limit) =>
      `stream '${stream}' has too many structured metadata labels: '${pairs}', limit: '${limit}'${see('max_structured_metadata_entries_count', 'increase it')}`,
    missingLabels: (names, tenant, stream) => old
      ? `missing required labels ${names} for user ${tenant}`
      : `missing required labels '${names}' for user '${tenant}' for stream '${stream}' (policy: '')`,
    seriesLimit: (limit) => old
      ? `maximum of series (${limit}) reached for a single query`
      : `maximum number of series (${limit}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, ` +
        'reducing the time range, or aggregating results with functions like sum(), count() or topk()'
  }
}
