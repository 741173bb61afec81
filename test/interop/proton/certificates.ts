import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from '../../helpers/cleanup.ts'

/** Paths of PEM files. */
export interface Identity { cert: string, key: string }

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes a folder that is removed after the test. */
export function folder (cleanup: Cleanup): string {
  const path = mkdtempSync(join(tmpdir(), 'lokean-proton-'))
  cleanup.add(() => { rmSync(path, { recursive: true }) })
  return path
}

/** A certificate authority that nobody else trusts. */
export class Authority {
  readonly ca: string
  readonly #folder: string
  readonly #key: string
  #issued = 0

  constructor (cleanup: Cleanup, name = 'an authority') {
    this.#folder = folder(cleanup)
    this.ca = join(this.#folder, 'ca.pem')
    this.#key = join(this.#folder, 'ca.key')
    openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`, '-keyout', this.#key, '-out', this.ca)
  }

  /**
   * Issues a certificate for a name (`DNS:localhost`, `IP:127.0.0.1`), valid for `days` from now. A negative number
   * makes it expired.
   */
  issue (subject: string, name = 'IP:127.0.0.1', days = 2): Identity {
    this.#issued++
    const [cert, key, request] = ['pem', 'key', 'csr'].map(kind => join(this.#folder, `${this.#issued}.${kind}`))
    openssl('req', '-new', ...NEW_KEY, '-subj', `/CN=${subject}`, '-addext', `subjectAltName=${name}`, '-keyout', key, '-out', request)
    openssl(
      'x509', '-req', '-in', request, '-CA', this.ca, '-CAkey', this.#key, '-days', String(days), '-copy_extensions', 'copy', '-out', cert
    )
    return { cert, key }
  }
}

function openssl (...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
