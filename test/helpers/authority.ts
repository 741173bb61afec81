import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** PEM text. */
export interface Identity { cert: string, key: string }

interface Issue {
  /** `DNS:bus.example`, `IP:127.0.0.1` */
  names?: readonly string[]
  /** How many days from now it is valid; a negative number makes it expired. */
  days?: number
}

const DAY_MS = 86_400_000

/**
 * A certificate authority of its own, in this process. It writes certificates with what the tests need, and no more
 * (RFC 5280).
 */
export class Authority {
  readonly #name: string
  readonly #keys = newKeys()
  /** Its own certificate. */
  readonly ca: string

  constructor (name = 'an authority') {
    this.#name = name
    this.ca = this.#certify(name, this.#keys.publicKey, 3650, [extension('551d13', tlv(0x30, Buffer.from('0101ff', 'hex')), true)])
  }

  /** A certificate for this machine's loopback, unless others are named. */
  issue (subject: string, { names = ['IP:127.0.0.1', 'DNS:localhost'], days = 90 }: Issue = {}): Identity {
    const keys = newKeys()
    const alternatives = extension('551d11', tlv(0x30, ...names.map(generalName)))
    return {
      cert: this.#certify(subject, keys.publicKey, days, [alternatives]),
      key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    }
  }

  #certify (subject: string, key: KeyObject, days: number, extensions: readonly Buffer[]): string {
    const now = Date.now()
    const algorithm = tlv(0x30, oid('2a8648ce3d040302'))
    const toBeSigned = tlv(
      0x30,
      tlv(0xa0, tlv(0x02, Buffer.from([2]))),
      tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      algorithm,
      distinguishedName(this.#name),
      tlv(0x30, time(now - 2 * DAY_MS - Math.max(0, -days) * DAY_MS), time(now + days * DAY_MS)),
      distinguishedName(subject),
      key.export({ type: 'spki', format: 'der' }),
      tlv(0xa3, tlv(0x30, ...extensions))
    )
    const signature = tlv(0x03, Buffer.from([0]), sign('sha256', toBeSigned, this.#keys.privateKey))
    const lines = tlv(0x30, toBeSigned, algorithm, signature).toString('base64').match(/.{1,64}/g) ?? []
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
  }
}

function newKeys (): { publicKey: KeyObject, privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** DER: a tag, the length of what follows, and that. */
function tlv (tag: number, ...content: readonly Buffer[]): Buffer {
  const value = Buffer.concat(content)
  const { length: bytes } = value
  const length = bytes < 128 ? [bytes] : bytes < 256 ? [0x81, bytes] : [0x82, bytes >> 8, bytes & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), value])
}

function oid (hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'))
}

function distinguishedName (commonName: string): Buffer {
  return tlv(0x30, tlv(0x31, tlv(0x30, oid('550403'), tlv(0x0c, Buffer.from(commonName)))))
}

function time (ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)
  return tlv(0x18, Buffer.from(`${digits}Z`))
}

function extension (id: string, value: Buffer, critical = false): Buffer {
  return tlv(0x30, oid(id), ...critical ? [Buffer.from('0101ff', 'hex')] : [], tlv(0x04, value))
}

function generalName (name: string): Buffer {
  const [kind, value = ''] = name.split(/:(.*)/s)
  return kind === 'IP' ? tlv(0x87, Buffer.from(value.split('.').map(Number))) : tlv(0x82, Buffer.from(value))
}
