/**
 * Which Loki the embedded one answers as: both have the same rules, in other words, but the newer one tells a tenant's
 * limits, and takes entries for two where only their structured metadata differ.
 */
export type LokiVersion = '3.4.6' | '3.7.6'
