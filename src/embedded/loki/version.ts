/**
 * Which Loki the embedded one answers as: both have the same rules, in other words, and the newer one tells a tenant's
 * limits.
 */
export type LokiVersion = '3.4.6' | '3.7.6'
