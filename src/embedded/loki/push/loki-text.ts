import { detectLevel } from './detected-level.ts'
import type { Label } from '../store/label-set.ts'
import type { PushColumns } from './push-columns.ts'
import { readMetadata } from './push-decode.ts'

/** A time as Go prints it: `2026-11-22 06:40:15.191 +0000 UTC`. */
export function goTime (seconds: number, nanos: number): string {
  const [date, time] = new Date(seconds * 1000).toISOString().slice(0, 19).split('T')
  const fraction = nanos === 0 ? '' : '.' + String(nanos).padStart(9, '0').replace(/0+$/, '')
  return `${date} ${time}${fraction} +0000 UTC`
}

/** A duration in ns as Go prints it, from a minute on: `60417h11m36.185s`. */
export function goDuration (ns: bigint): string {
  const minutes = ns / 60_000_000_000n
  const seconds = Number(ns % 60_000_000_000n) / 1e9
  return `${minutes >= 60n ? `${minutes / 60n}h` : ''}${minutes % 60n}m${seconds}s`
}

/** A duration in ms as Prometheus prints it: `30d1h`. */
export function promDuration (ms: number): string {
  if (ms === 0) return '0s'
  const units: Array<[string, number]> = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]]
  let text = ''
  for (const [unit, size] of units) {
    if (ms >= size) text += `${Math.floor(ms / size)}${unit}`
    ms %= size
  }
  return text
}

const varintBytes = (value: number): number => Math.max(1, Math.ceil(Math.log2(value + 1) / 7))
const fieldBytes = (length: number): number => 1 + varintBytes(length) + length

/**
 * The size in bytes of the accepted entries as the distributor sends them on: with canonical labels, a hash a stream
 * (taken as 11 bytes; the real one has 10 or 11) and a `detected_level` an entry. It is computed only where it may
 * exceed `limit`, because it needs every entry's level. Else the entries' own size is returned.
 */
export function messageSize (
  columns: PushColumns,
  streams: ReadonlyArray<{ labels: readonly Label[], text: string }>,
  accepted: Uint8Array,
  buf: Buffer,
  limit: number
): number {
  const raw = columns.entryEnd[columns.entries - 1]! - columns.entryStart[0]!
  const upper = streams.reduce((sum, { text }) => sum + text.length + 32, raw + columns.entries * 64)
  if (upper <= limit) return raw
  let size = 0
  streams.forEach(({ labels, text }, i) => {
    let stream = 11 + fieldBytes(Buffer.byteLength(text))
    let any = false
    for (let entry = columns.firstEntry[i]!; entry < columns.firstEntry[i + 1]!; entry++) {
      if (accepted[entry] === 0) continue
      any = true
      const metadata = readMetadata(buf, columns.entryStart[entry]!, columns.entryEnd[entry]!)
      const level = detectLevel(labels, metadata, () => buf.toString('utf8', columns.lineStart[entry], columns.lineEnd[entry]))
      const added = level === undefined ? 0 : fieldBytes(2 + 'detected_level'.length + fieldBytes(Buffer.byteLength(level)))
      stream += fieldBytes(columns.entryEnd[entry]! - columns.entryStart[entry]! + added)
    }
    if (any) size += fieldBytes(stream)
  })
  return size
}
