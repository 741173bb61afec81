import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a certificate that is its own authority, and its text. */
export interface Certificate { cert: string, key: string, ca: string }

/** Makes a certificate for 127.0.0.1 with openssl; undefined where there is none. */
export function makeCertificate (folder: string): Certificate | undefined {
  const [cert, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const { status } = spawnSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', key, '-out', cert
  ], { stdio: 'ignore' })
  return status === 0 ? { cert, key, ca: readFileSync(cert, 'utf8') } : undefined
}
