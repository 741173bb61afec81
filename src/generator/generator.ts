import { buildFleet, type Host } from './fleet.ts'
import { RecordFiller } from './filler.ts'
import { MESSAGE_HEAD, stringSize, writeMessageHead, writeStringHead } from './message.ts'
import { seededRandom, type Random } from './random.ts'
import { compileFrame, compileShape, type Frame, type Shape } from './shape.ts'
import type { Role, Source } from './log-source.ts'
import { SOURCES } from './sources.ts'

export interface GeneratorOptions {
  /** The number of machines that log. */
  hosts: number
  clouds?: number
  /** The same seed gives the same records, except for their times. */
  seed?: number
  /** The most records in a message. `next` may ask for fewer. */
  recordsPerMessage: number
  /** What logs, by default all that there is. */
  sources?: readonly Source[]
  /** Milliseconds since the epoch, with a fraction. */
  now?: () => number
  /** The number of the first record, as in its ` seq=`. */
  firstSequence?: number
}

export interface GeneratedMessage {
  /** A whole AMQP message, shaped as omamqp1's. */
  message: Buffer
  records: number
  /** The index of the machine that sends the message. All its records are from that machine. */
  host: number
}

export interface Generator {
  /** The next message, with at most `maxRecords`, from the given machine, or from the one whose turn it is. */
  next (maxRecords?: number, host?: number): GeneratedMessage
  /** How many records were made. The next record's number is `firstSequence + sent`. */
  readonly sent: number
  readonly seed: number
  readonly recordsPerMessage: number
  readonly hosts: readonly Host[]
}

/** The number of places that a draw of 12 random bits picks from. Each shape has its share of them. */
const PLACES = 4096
const MAX_SEQUENCE = 9_999_999_999

/**
 * Makes OpenStack logs as rsyslog sends them. The constant parts are rendered once. A record costs a few copies, and
 * the digits of its time, ids and number. On each machine, times strictly increase; a message's last record has the
 * current time.
 */
export function createGenerator (options: GeneratorOptions): Generator {
  const {
    recordsPerMessage, clouds = 3, seed = Math.floor(Math.random() * 2 ** 32), now = Date.now, firstSequence = 0, sources = SOURCES
  } = options
  for (const [name, value] of Object.entries({ hosts: options.hosts, clouds, recordsPerMessage })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number above 0, not ${value}`)
  }
  const random = seededRandom(seed)
  const fleet = buildFleet(options.hosts, clouds)
  const frames: Frame[] = fleet.map(compileFrame)
  const shapes = compileRoles(sources)
  const last = new Float64Array(fleet.length)
  const filler = new RecordFiller(random)
  const chosen = new Array<Shape>(recordsPerMessage)
  let turn = 0
  let sent = 0

  return {
    seed,
    recordsPerMessage,
    hosts: fleet,
    get sent () { return sent },
    next (maxRecords = recordsPerMessage, host = turn) {
      const count = Math.max(1, Math.min(maxRecords, recordsPerMessage))
      if (firstSequence + sent + count > MAX_SEQUENCE) throw new RangeError('the record numbers are used up')
      if (host === turn) turn = (turn + 1) % fleet.length
      const frame = frames[host]!
      const message = Buffer.allocUnsafe(choose(shapes[fleet[host]!.role], frame, chosen, count, random))
      const until = Math.floor(now() * 1000)
      // The times of a message's records lie between the last message and now, in steps of at most 50 us: a burst.
      let time = Math.max(last[host]!, until - count * 50)
      const step = Math.max(1, Math.floor((until - time) / count))
      let position = writeMessageHead(message, count)
      for (let i = 0; i < count; i++) {
        const shape = chosen[i]!
        time += 1 + random() % step
        position = writeStringHead(message, position, recordSize(frame, shape))
        position = filler.write(message, position, frame, shape, time, firstSequence + sent + i)
      }
      last[host] = time
      sent += count
      return { message, records: count, host }
    }
  }
}

function recordSize (frame: Frame, shape: Shape): number {
  return frame.head.length + shape.bytes.length + frame.tail.length
}

/** Draws the shapes of the next message, and returns the message's size in bytes. */
function choose (places: readonly Shape[], frame: Frame, chosen: Shape[], count: number, random: Random): number {
  let size = MESSAGE_HEAD
  for (let i = 0; i < count; i++) {
    const shape = places[random() & (PLACES - 1)]!
    chosen[i] = shape
    size += stringSize(recordSize(frame, shape))
  }
  return size
}

/** The shapes of each role. A shape occurs as often as it is likely, and at least once. */
function compileRoles (sources: readonly Source[]): Record<Role, readonly Shape[]> {
  const compiled = sources.map(source => {
    const total = source.lines.reduce((sum, line) => sum + line.weight, 0)
    return { source, shapes: source.lines.map(line => ({ shape: compileShape(source, line), share: source.weight * line.weight / total })) }
  })
  const ofRole = (role: Role): Shape[] => {
    const weighted = compiled.filter(({ source }) => source.roles.includes(role)).flatMap(({ shapes }) => shapes)
    const total = weighted.reduce((sum, { share }) => sum + share, 0)
    const places = weighted.map(({ shape }) => shape)
    let sum = 0
    for (const { shape, share } of weighted) {
      sum += share
      const until = weighted.length + Math.round(sum / total * (PLACES - weighted.length))
      while (places.length < until) places.push(shape)
    }
    return places
  }
  return { controller: ofRole('controller'), compute: ofRole('compute'), network: ofRole('network'), storage: ofRole('storage') }
}
