import { InvalidValue, parsedBy, splitList } from './text.ts'

/**
 * A sender that may send: a name of its certificate, where `*` stands for any text without a dot, or the fingerprint of
 * the certificate, in capitals with colons.
 */
export type PermittedPeer = { kind: 'name', name: string } | { kind: 'sha1' | 'sha256', fingerprint: string }

const FINGERPRINTS = { sha1: 20, sha256: 32 } as const

export const permittedPeers = parsedBy((text): PermittedPeer[] => splitList(text).map((entry) => {
  const [, algorithm, digits = ''] = /^(SHA1|SHA256):(.*)$/i.exec(entry) ?? []
  if (algorithm === undefined) {
    if (/[\s\p{Cc}]/u.test(entry)) throw new InvalidValue(`must have names without spaces (${JSON.stringify(entry)})`)
    return { kind: 'name', name: entry }
  }
  const kind = algorithm.toLowerCase() as keyof typeof FINGERPRINTS
  const pairs = digits.toUpperCase().replaceAll(':', '').match(/../g) ?? []
  if (!/^[\dA-Fa-f:]*$/.test(digits) || pairs.length !== FINGERPRINTS[kind] || digits.replaceAll(':', '').length % 2 !== 0) {
    throw new InvalidValue(`must have ${FINGERPRINTS[kind]} bytes in hexadecimal digits behind ${algorithm.toUpperCase()}: (${JSON.stringify(entry)})`)
  }
  return { kind, fingerprint: pairs.join(':') }
}))
