/** Sections `header` and `properties`, each an empty list0, and the descriptor of `amqp-value` (AMQP 1.0, 3.2). */
const PREAMBLE = Buffer.from('0053704500537345005377', 'hex')
const LIST32 = 0xd0
const STR8 = 0xa1
const STR32 = 0xb1

/** The bytes of a message before its first record: preamble, and constructor, size and count of the list32. */
export const MESSAGE_HEAD = PREAMBLE.length + 9

/** The bytes in a message of a record of `length` bytes. */
export function stringSize (length: number): number {
  return length <= 255 ? length + 2 : length + 5
}

/**
 * The message that omamqp1 makes of one transaction: an amqp-value with a list32 of strings, one string for each
 * record.
 */
export function encodeMessage (records: readonly Buffer[]): Buffer {
  const size = records.reduce((sum, record) => sum + stringSize(record.length), MESSAGE_HEAD)
  const message = Buffer.allocUnsafe(size)
  let position = writeMessageHead(message, records.length)
  for (const record of records) {
    position = writeStringHead(message, position, record.length)
    position += record.copy(message, position)
  }
  return message
}

/** Writes all bytes before the first record into a message of its final length. Returns where the first record goes. */
export function writeMessageHead (message: Buffer, count: number): number {
  PREAMBLE.copy(message, 0)
  message[PREAMBLE.length] = LIST32
  // The size of a list includes its count field, but not the size field.
  message.writeUInt32BE(message.length - PREAMBLE.length - 5, PREAMBLE.length + 1)
  message.writeUInt32BE(count, PREAMBLE.length + 5)
  return MESSAGE_HEAD
}

/** Writes the constructor and the length of a string. Returns where the string's bytes go. */
export function writeStringHead (message: Buffer, position: number, length: number): number {
  if (length <= 255) {
    message[position] = STR8
    message[position + 1] = length
    return position + 2
  }
  message[position] = STR32
  message[position + 1] = length >>> 24
  message[position + 2] = length >>> 16
  message[position + 3] = length >>> 8
  message[position + 4] = length
  return position + 5
}
