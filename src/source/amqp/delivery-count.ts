import { sizeOf } from './transfer.ts'

/** The fields of a header in front of the delivery count (spec 3.2.1): durable, priority, ttl, first-acquirer. */
const FIELDS_BEFORE = 4

/**
 * Whether the header section says that the bus has tried to deliver the message before. A broker counts that; what a
 * sender sends again by itself is a new message.
 */
export function cameBack (message: Uint8Array): boolean {
  // rsyslog's header has no fields (list0).
  if (message[3] === 0x45 || message[2] !== 0x70 || message[1] !== 0x53 || message[0] !== 0) return false
  const wide = message[3] === 0xd0
  if (!wide && message[3] !== 0xc0) return false
  const [count = 0, first] = wide ? [message[11], 12] : [message[5], 6]
  if (count <= FIELDS_BEFORE) return false
  let at = first
  for (let field = 0; field < FIELDS_BEFORE; field++) {
    const size = sizeOf(message, at)
    if (size === 0) return false
    at += size
  }
  // A uint above 0; 0x43 is 0.
  return (message[at] === 0x52 || message[at] === 0x70) && message.subarray(at + 1, at + sizeOf(message, at)).some(byte => byte > 0)
}
