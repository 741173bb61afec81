import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Secret } from '../secret.ts'
import { parsedBy, InvalidValue } from './text.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs

/**
 * One or more PEM certificates. Node ignores a CA that it cannot read; only a TLS error would show that, hours later.
 */
export const certificates = parsedBy((text) => {
  const blocks = text.match(BLOCK) ?? []
  if (blocks.length === 0) throw new InvalidValue('must hold a PEM certificate')
  for (const [index, block] of blocks.entries()) {
    if (!readable(() => new X509Certificate(block))) throw new InvalidValue(`holds a certificate that cannot be read (number ${index + 1})`)
  }
  return text
})

/** A PEM private key without a passphrase. */
export const privateKey = parsedBy((text) => {
  if (!readable(() => createPrivateKey(text))) throw new InvalidValue('must hold a PEM private key without a passphrase')
  return new Secret(text)
})

/** Whether `key` is the private half of the first certificate in `cert`. */
export function belongTogether (cert: string, key: Secret): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key.reveal()))
}

function readable (read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
