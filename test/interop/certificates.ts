import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CERTIFICATE, KEY } from '../unit/embedded/bus/certificate.ts'

/** Issues certificates for localhost and 127.0.0.1 by one authority, that of the tests. */
export class Authority {
  readonly ca: string
  readonly #folder: string
  readonly #key: string

  constructor (folder: string) {
    this.#folder = folder
    this.ca = join(folder, 'ca.pem')
    this.#key = join(folder, 'ca-key.pem')
    writeFileSync(this.ca, CERTIFICATE)
    writeFileSync(this.#key, KEY)
  }

  /** Returns the files of a new certificate and its key. */
  issue (name: string): { cert: string, key: string } {
    const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map(ending => join(this.#folder, `${name}.${ending}`))
    writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
    openssl(
      'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`, '-keyout', key,
      '-out', request
    )
    openssl(
      'x509', '-req', '-in', request, '-CA', this.ca, '-CAkey', this.#key, '-set_serial', String(Date.now()), '-days', '2',
      '-extfile', extensions, '-out', cert
    )
    return { cert, key }
  }
}
