import { bareMessage } from './sections.ts'

/** Where rsyslog's bare messages have the time of the first record. Those of one length differ there, if at all. */
const TIME = { from: 28, to: 76 }
/** How many words are looked at in the whole message, evenly spread. */
const WORDS = 8

/**
 * A number by which a message can be recognised when it comes again: the length of the bare message, and a hash of a
 * few words of it. So it costs the same for any length. Equal messages have equal fingerprints; others rarely do.
 */
export function fingerprint (message: Uint8Array): number {
  const from = bareMessage(message)
  // Each word has four bytes.
  const end = message.length - 3
  let hash = 0
  for (let at = from + TIME.from; at < from + TIME.to && at < end; at += 4) hash = mix(hash, message, at)
  const length = message.length - from
  const step = Math.max(4, Math.floor(length / WORDS))
  for (let at = from; at < end; at += step) hash = mix(hash, message, at)
  return length * 2 ** 32 + (hash >>> 0)
}

function mix (hash: number, message: Uint8Array, at: number): number {
  const word = message[at]! | message[at + 1]! << 8 | message[at + 2]! << 16 | message[at + 3]! << 24
  const mixed = Math.imul(hash ^ word, 0x85ebca6b)
  return mixed ^ mixed >>> 15
}
