/** A sender's address as a record's host. A socket of IPv6 sees addresses of IPv4 as `::ffff:192.0.2.1`. */
export function senderHost (host: string): string {
  return host.replace(/^::ffff:(?=\d+\.)/, '')
}
