import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../secret.ts'

/** What a request without the token is answered with. A browser asks for a name, which may be any, and a password. */
export const CHALLENGE = 'Bearer realm="lokean", Basic realm="lokean", charset="UTF-8"'

/**
 * Whether a request may see more than the probes. `authorization`: the header. How long the answer takes does not
 * depend on how much of the token is right.
 */
export function allows (token: Secret, authorization = ''): boolean {
  const [, scheme = '', given = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme === '') return false
  const brought = scheme.toLowerCase() === 'bearer' ? given : passwordOf(given)
  return timingSafeEqual(digest(brought), digest(token.reveal()))
}

/** RFC 7617: base64 of the name, a colon, and the password. */
function passwordOf (credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

/** Digests have one length, which timingSafeEqual needs. */
function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
