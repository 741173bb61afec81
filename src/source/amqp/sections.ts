import { sizeOf } from './transfer.ts'

/** The sections in front of the bare message (spec 3.2): header, delivery annotations, message annotations. */
const HEADER = 0x70
const LAST_IN_FRONT = 0x72

/** The fields of a header in front of the delivery count (spec 3.2.1): durable, priority, ttl, first-acquirer. */
const FIELDS_BEFORE = 4

const LIST0 = 0x45

/** Where the bare message begins. No bus changes that, while it may write into the sections in front of it. */
export function bareMessage (message: Uint8Array): number {
  let at = 0
  while (message[at] === 0 && message[at + 1] === 0x53 && message[at + 2]! >= HEADER && message[at + 2]! <= LAST_IN_FRONT) {
    const size = sectionSize(message, at)
    if (size === 0) return at
    at += size
  }
  return Math.min(at, message.length)
}

/** 0 where it is neither a list nor a map. */
function sectionSize (message: Uint8Array, at: number): number {
  switch (message[at + 3]) {
    case LIST0: return 4
    case 0xc0: case 0xc1: return 5 + (message[at + 4] ?? 0)
    case 0xd0: case 0xd1:
      return 8 + ((message[at + 4]! << 24 | message[at + 5]! << 16 | message[at + 6]! << 8 | message[at + 7]!) >>> 0)
    default: return 0
  }
}

/**
 * Whether the header says that the bus has tried to deliver the message before. A broker counts that; what a sender
 * sends again by itself is a new message.
 */
export function cameBack (message: Uint8Array): boolean {
  // rsyslog's header has no fields.
  if (message[3] === LIST0 || message[2] !== HEADER || message[1] !== 0x53 || message[0] !== 0) return false
  const large = message[3] === 0xd0
  if (!large && message[3] !== 0xc0) return false
  const [count = 0, first] = large ? [message[11], 12] : [message[5], 6]
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
