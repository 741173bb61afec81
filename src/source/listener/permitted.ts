import type { PeerCertificate } from 'node:tls'

/** See LOKEAN_LISTEN_PEERS. Fingerprints are in capitals, with colons. */
export type PermittedPeer =
  | { readonly kind: 'name', readonly name: string }
  | { readonly kind: 'sha1' | 'sha256', readonly fingerprint: string }

/** What of a certificate is compared. */
export type Certificate = Pick<PeerCertificate, 'fingerprint' | 'fingerprint256' | 'subjectaltname'> & {
  subject?: { CN?: string | string[] }
}

/**
 * Whether the sender with this certificate may send. As in rsyslog, the names are those for DNS and the common name,
 * upper and lower case differ, and `*` stands for any text within one part of a name.
 */
export function isPermitted (certificate: Certificate, peers: readonly PermittedPeer[]): boolean {
  const names = namesOf(certificate)
  return peers.some(peer => {
    if (peer.kind === 'name') return names.some(name => matches(name, peer.name))
    return peer.fingerprint === (peer.kind === 'sha1' ? certificate.fingerprint : certificate.fingerprint256)
  })
}

export function namesOf ({ subjectaltname = '', subject }: Certificate): string[] {
  const dns = [...subjectaltname.matchAll(/(?:^|, )DNS:("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(([, name = '']) => name)
  return [...dns, ...[subject?.CN ?? []].flat()]
}

function matches (name: string, pattern: string): boolean {
  const [parts, patterns] = [name.split('.'), pattern.split('.')]
  return parts.length === patterns.length && parts.every((part, i) => wildcard(patterns[i] ?? '').test(part))
}

function wildcard (pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(text => text.replace(/[^\w-]/g, '\\$&')).join('.*')}$`, 's')
}
