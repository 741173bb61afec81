import { SyslogDelivery } from '../../src/source/delivery/syslog-delivery.ts'

/** A delivery of the format `syslog`. A record may come with the nanoseconds to add to its time. */
export function syslogDelivery (records: ReadonlyArray<string | Uint8Array | readonly [string, number]>, peer = '192.0.2.9'): Buffer {
  const delivery = new SyslogDelivery()
  delivery.begin(peer)
  for (const record of records) {
    const [text, later] = typeof record === 'string' || record instanceof Uint8Array ? [record, 0] : record
    const bytes = Buffer.from(text as string)
    delivery.add(bytes, 0, bytes.length, later)
  }
  return Buffer.from(delivery.message)
}
