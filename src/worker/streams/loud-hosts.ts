import type { HostCount } from '../messages/tasks.ts'
import type { Stream } from './stream.ts'

/** To tell costs a few microseconds for each ten hosts. */
const TELL_MS = 5_000
/** Of so many hosts the main thread is told. Each worker sees a part of what a host sends. */
const MOST_TOLD = 20

/** Counts the entries of each host, by the streams that they went to, and tells of the hosts that have the most. */
export class LoudHosts {
  /** The streams that have entries which are not told yet. */
  #streams: Stream[] = []
  #toldMs = -Infinity

  /** Counts the entries that the stream has. Streams without a host do not count. */
  add (stream: Stream): void {
    if (stream.host === '') return
    if (stream.untold === 0) this.#streams.push(stream)
    stream.untold += stream.entries
  }

  /** The loudest hosts since it was told last, the loudest first; undefined where it is too early to tell. */
  take (nowMs: number): HostCount[] | undefined {
    if (nowMs < this.#toldMs + TELL_MS || this.#streams.length === 0) return undefined
    this.#toldMs = nowMs
    const counts = new Map<string, number>()
    for (const stream of this.#streams) {
      counts.set(stream.host, (counts.get(stream.host) ?? 0) + stream.untold)
      stream.untold = 0
    }
    this.#streams = []
    return [...counts].map(([host, records]) => ({ host, records })).sort((a, b) => b.records - a.records).slice(0, MOST_TOLD)
  }
}
