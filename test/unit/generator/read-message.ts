/** Reads the strings in the list32 of an omamqp1 message. It shares nothing with the writer. */
export function recordsOf (message: Buffer): Buffer[] {
  if (message.toString('hex', 0, 12) !== '0053704500537345005377d0') throw new Error('not an omamqp1 message')
  const size = message.readUInt32BE(12)
  const count = message.readUInt32BE(16)
  if (size !== message.length - 16) throw new Error(`the list says ${size} bytes of ${message.length}`)
  const records: Buffer[] = []
  let at = 20
  while (at < message.length) {
    const code = message.readUInt8(at)
    if (code !== 0xa1 && code !== 0xb1) throw new Error(`not a string: ${code}`)
    const length = code === 0xa1 ? message.readUInt8(at + 1) : message.readUInt32BE(at + 1)
    at += code === 0xa1 ? 2 : 5
    records.push(message.subarray(at, at + length))
    at += length
  }
  if (records.length !== count || at !== message.length) throw new Error(`the list says ${count} strings, it has ${records.length}`)
  return records
}
