import type { Secret } from '../secret.ts'
import type { OptionName, Values } from './options.ts'
import { belongTogether, tlsRefusal } from './pem.ts'

/** What several settings must keep to together. */
export interface CrossCheck {
  /** The check is skipped where one of these is wrong by itself: its result would only repeat that. */
  reads: readonly OptionName[]
  /** Says what is wrong, as a line of its own. */
  problem: (values: Values) => string | undefined
}

export function pairProblem (cert: string | undefined, key: Secret | undefined, prefix: string): string | undefined {
  if (cert !== undefined && key === undefined) return `${prefix}_CERT is set without ${prefix}_KEY: set both or neither`
  if (key !== undefined && cert === undefined) return `${prefix}_KEY is set without ${prefix}_CERT: set both or neither`
  if (cert === undefined || key === undefined) return undefined
  if (!belongTogether(cert, key)) return `${prefix}_KEY is not the private key of the certificate in ${prefix}_CERT`
  const refusal = tlsRefusal(cert, key)
  return refusal === undefined ? undefined : `${prefix}_CERT and ${prefix}_KEY cannot be used for TLS (${refusal})`
}
