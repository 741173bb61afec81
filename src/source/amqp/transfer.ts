/** The parts of a transfer frame (spec 2.7.5) that a receiver needs. */
export interface Transfer {
  channel: number
  handle: number
  /** A frame that continues a delivery may omit the id. */
  id: number | undefined
  more: boolean
  aborted: boolean
  payload: Uint8Array
}

/**
 * Reads a transfer frame, and makes objects only of the fields that are used: with small messages, rhea's reader would
 * be most of a message's cost on the main thread. Returns undefined for any frame that is no plain transfer: rhea then
 * reads it, and reports its faults.
 */
export function readTransfer (frame: Buffer): Transfer | undefined {
  const performative = 4 * frame[4]!
  // The data offset, the type (AMQP), and the descriptor: a smallulong 0x14.
  if (performative < 8 || frame[5] !== 0) return undefined
  if (frame[performative] !== 0 || frame[performative + 1] !== 0x53 || frame[performative + 2] !== 0x14) return undefined
  const list = performative + 3
  const wide = frame[list] === 0xd0
  if (!wide && frame[list] !== 0xc0) return undefined
  const width = wide ? 4 : 1
  if (list + 1 + 2 * width > frame.length) return undefined
  const end = list + 1 + width + frame.readUIntBE(list + 1, width)
  if (end > frame.length) return undefined
  return readFields(frame, list + 1 + 2 * width, end, frame.readUIntBE(list + 1 + width, width))
}

/**
 * The fields in order: handle, delivery-id, delivery-tag, message-format, settled, more, rcv-settle-mode, state,
 * resume, aborted, batchable.
 */
const HANDLE = 0
const DELIVERY_ID = 1
const MORE = 5
const ABORTED = 9
const MOST_FIELDS = 11

const NULL = 0x40

function readFields (frame: Buffer, at: number, end: number, count: number): Transfer | undefined {
  if (count > MOST_FIELDS) return undefined
  let handle: number | undefined
  let id: number | undefined
  let more = false
  let aborted = false
  for (let field = 0; field < count; field++) {
    const size = sizeOf(frame, at)
    if (size === 0 || at + size > end) return undefined
    if (field === HANDLE) handle = uint(frame, at)
    else if (field === DELIVERY_ID) {
      id = uint(frame, at)
      if (id === undefined && frame[at] !== NULL) return undefined
    } else if (field === MORE || field === ABORTED) {
      if (!isFlag(frame[at]!)) return undefined
      if (field === MORE) more = isTrue(frame, at)
      else aborted = isTrue(frame, at)
    }
    at += size
  }
  if (handle === undefined || at !== end) return undefined
  return { channel: frame.readUInt16BE(6), handle, id, more, aborted, payload: frame.subarray(end) }
}

/** Size in bytes of a value, for the types that these fields can have (spec 1.6); 0 for any other type. */
export function sizeOf (frame: Uint8Array, at: number): number {
  switch (frame[at]) {
    case 0x40: case 0x41: case 0x42: case 0x43: return 1
    case 0x50: case 0x52: case 0x56: return 2
    case 0x70: return 5
    case 0xa0: return at + 1 < frame.length ? 2 + frame[at + 1]! : 0
    default: return 0
  }
}

function uint (frame: Buffer, at: number): number | undefined {
  switch (frame[at]) {
    case 0x43: return 0
    case 0x52: return frame[at + 1]
    case 0x70: return frame.readUInt32BE(at + 1)
    default: return undefined
  }
}

/** A boolean in either of its encodings, or null, which stands for false. */
function isFlag (code: number): boolean {
  return code === 0x41 || code === 0x42 || code === 0x56 || code === NULL
}

function isTrue (frame: Buffer, at: number): boolean {
  return frame[at] === 0x41 || (frame[at] === 0x56 && frame[at + 1] !== 0)
}
