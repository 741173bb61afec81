import snappy from 'snappy'
import type { Backlog, BacklogTask, Part } from '../messages/tasks.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { ActiveStreams } from '../streams/active-streams.ts'
import { backlogLabels, backlogSpan } from '../streams/backlog.ts'
import { parseLabels, shardOf } from '../streams/labels.ts'
import { encodePart } from './encode-part.ts'
import { decodePush, type PushEntry, type PushStream } from './push-schema.ts'

/** Loki adds these to a stream that comes without. */
const ADDED = ['service_name', '__stream_shard__']

/**
 * Gives entries a backlog stream that Loki has told to be too far behind their own. Another instance has brought newer
 * records then, which this one can know from nobody else.
 */
export class BacklogMaker {
  readonly #settings: EncoderSettings
  readonly #active: ActiveStreams | undefined

  constructor (settings: EncoderSettings) {
    this.#settings = settings
    if (settings.activeStreams !== undefined) this.#active = new ActiveStreams(settings.activeStreams)
  }

  /**
   * Takes the entries that are older than Loki takes out of the part, and puts them into parts of their backlog
   * streams. Undefined where there is none, or where none may have a backlog stream. From now on all workers know how
   * new the stream is.
   */
  make ({ part, stream: told, oldest }: BacklogTask): Backlog | undefined {
    const { backlogLabel, maxDisorderMs, shards } = this.#settings
    const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
    const stream = streams.length === 1 ? streams[0] : streams.find(({ labels }) => isTold(labels, told))
    if (backlogLabel === undefined || stream === undefined || hasLabel(stream, backlogLabel)) return undefined
    this.#raiseNewest(part.tenant, stream.labels, oldest.seconds + Math.floor(maxDisorderMs / 1000))

    const rest: PushEntry[] = []
    const late = new Map<number, PushEntry[]>()
    for (const entry of stream.entries) {
      const { seconds, nanos } = entry.timestamp
      if (seconds > oldest.seconds || (seconds === oldest.seconds && nanos >= oldest.nanos)) rest.push(entry)
      else entriesOf(late, backlogSpan(seconds * 1000 + nanos / 1e6, maxDisorderMs)).push(entry)
    }
    const parts: Part[] = []
    for (const [span, entries] of late) {
      const labels = backlogLabels(stream.labels, backlogLabel, span, maxDisorderMs)
      if (this.#active?.touch(part.tenant, Buffer.from(labels)) === 'over_limit') rest.push(...entries)
      else {
        const like = { ...part, shard: shardOf(labels, part.tenant, shards), solo: true, newStream: undefined }
        parts.push(encodePart(like, [{ labels, entries }]))
      }
    }
    if (parts.length === 0) return undefined
    const others = streams.flatMap(one => one !== stream ? [one] : rest.length > 0 ? [{ labels: stream.labels, entries: rest }] : [])
    return {
      parts,
      rest: others.length === 0 ? undefined : encodePart(part, others),
      records: parts.reduce((sum, { records }) => sum + records, 0)
    }
  }

  #raiseNewest (tenant: string, labels: string, seconds: number): void {
    if (this.#active === undefined) return
    this.#active.touch(tenant, Buffer.from(labels))
    this.#active.newest.raise(this.#active.slot, seconds)
  }
}

function entriesOf (spans: Map<number, PushEntry[]>, span: number): PushEntry[] {
  const entries = spans.get(span) ?? []
  if (entries.length === 0) spans.set(span, entries)
  return entries
}

function hasLabel ({ labels }: PushStream, name: string): boolean {
  return parseLabels(labels).some(([one]) => one === name)
}

/** Whether Loki's text means the stream with these labels. */
function isTold (labels: string, told: string | undefined): boolean {
  if (told === undefined) return false
  const own = new Map(parseLabels(labels))
  const others = parseLabels(told).filter(([name, value]) => own.get(name) !== value)
  return parseLabels(told).length - others.length === own.size && others.every(([name]) => ADDED.includes(name) && !own.has(name))
}
