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
  const words = wordsOf(message)
  const start = message.byteOffset + from
  // Each word has four bytes.
  const end = message.byteOffset + message.length - 3
  const length = message.length - from
  const step = Math.max(4, Math.floor(length / WORDS))
  // Two hashes, as one would wait for each of its words.
  let time = 0
  for (let at = start + TIME.from; at < start + TIME.to && at < end; at += 4) time = mix(time, words.getInt32(at, true))
  let spread = 0
  for (let at = start; at < end; at += step) spread = mix(spread, words.getInt32(at, true))
  return length * 2 ** 32 + (mix(time, spread) >>> 0)
}

function mix (hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b)
  return mixed ^ mixed >>> 15
}

let latest: DataView = new DataView(new ArrayBuffer(0))

/** Most messages lie in the buffer of the one before. */
function wordsOf ({ buffer }: Uint8Array): DataView {
  if (latest.buffer !== buffer) latest = new DataView(buffer)
  return latest
}
