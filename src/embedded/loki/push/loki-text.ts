import { detectLevel } from './detected-level.ts'
import type { Part } from './known-streams.ts'
import type { PushColumns } from './push-columns.ts'
import { readMetadata } from './push-decode.ts'

/** A time as Go prints it: `2026-11-22 06:40:15.191 +0000 UTC`. */
export function goTime (seconds: number, nanos: number): string {
  const [date, time] = new Date(seconds * 1000).toISOString().slice(0, 19).split('T')
  const fraction = nanos === 0 ? '' : '.' + String(nanos).padStart(9, '0').replace(/0+$/, '')
  return `${date} ${time}${fraction} +0000 UTC`
}

/** A duration in ns as Go prints it: `60417h11m36.185s`, `250ms`. */
export function goDuration (ns: bigint): string {
  if (ns < 0n) return `-${goDuration(-ns)}`
  if (ns > 0n && ns < 1_000n) return `${ns}ns`
  if (ns > 0n && ns < 1_000_000n) return `${Number(ns) / 1e3}µs`
  if (ns > 0n && ns < 1_000_000_000n) return `${Number(ns) / 1e6}ms`
  if (ns < 60_000_000_000n) return `${Number(ns) / 1e9}s`
  const minutes = ns / 60_000_000_000n
  const seconds = Number(ns % 60_000_000_000n) / 1e9
  return `${minutes >= 60n ? `${minutes / 60n}h` : ''}${minutes % 60n}m${seconds}s`
}

/** A duration in ms as Prometheus prints it: `30d1h`; years and weeks only where nothing is left over. */
export function promDuration (ms: number): string {
  if (ms === 0) return '0s'
  if (ms % 31_536_000_000 === 0) return `${ms / 31_536_000_000}y`
  if (ms % 604_800_000 === 0) return `${ms / 604_800_000}w`
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
 * Bytes of the parts of a push as the distributor sends them on: with canonical labels, a hash a stream (taken as 11
 * bytes; the real one's has 10 or 11) and a `detected_level` an entry. Worked out only where it may come near `limit`,
 * for it needs every entry's level; else the entries' own size stands for it.
 */
export function messageSize (columns: PushColumns, parts: readonly Part[], buf: Buffer, limit: number): number {
  let raw = 0
  let upper = 0
  for (const { named, entries } of parts) {
    let bytes = 0
    for (const entry of entries) bytes += columns.entryEnd[entry]! - columns.entryStart[entry]!
    raw += bytes
    upper += bytes + entries.length * 64 + named.text.length + 32
  }
  if (upper <= limit) return raw
  let size = 0
  for (const { named: { labels, text }, entries } of parts) {
    let stream = 11 + fieldBytes(Buffer.byteLength(text))
    for (const entry of entries) {
      const metadata = readMetadata(buf, columns.entryStart[entry]!, columns.entryEnd[entry]!)
      const isGiven = metadata.some(({ name }) => name === 'detected_level')
      const line = () => buf.toString('utf8', columns.lineStart[entry], columns.lineEnd[entry])
      const level = isGiven ? undefined : detectLevel(labels, metadata, line)
      const added = level === undefined ? 0 : fieldBytes(2 + 'detected_level'.length + fieldBytes(Buffer.byteLength(level)))
      stream += fieldBytes(columns.entryEnd[entry]! - columns.entryStart[entry]! + added)
    }
    size += fieldBytes(stream)
  }
  return size
}
