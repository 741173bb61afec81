import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { Secret } from '../secret.ts'
import { parsedBy, InvalidValue } from './text.ts'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const BLOCK = new RegExp(`${BEGIN}.+?-----END CERTIFICATE-----`, 'gs')

/** The certificates of a PEM text, each by itself. */
export function certificateBlocks (text: string): string[] {
  return text.match(BLOCK) ?? []
}

/**
 * One or more PEM certificates. Node ignores a CA that it cannot read; only a TLS error would show that, hours later.
 * The last certificate of a file that is half written has no end.
 */
export const certificates = parsedBy((text) => {
  const blocks = certificateBlocks(text)
  if (blocks.length === 0) throw new InvalidValue('must hold a PEM certificate')
  if (text.split(BEGIN).length - 1 > blocks.length) throw new InvalidValue('holds a certificate that is cut off')
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

/** Why TLS cannot be spoken with the certificate and its key: OpenSSL refuses those that are too weak. */
export function tlsRefusal (cert: string, key: Secret): string | undefined {
  try {
    createSecureContext({ cert, key: key.reveal() })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function readable (read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
