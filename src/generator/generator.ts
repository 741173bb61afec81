import { buildFleet, type Host } from './fleet.ts'
import { RecordFiller } from './filler.ts'
import { MESSAGE_HEAD, stringSize, writeMessageHead, writeStringHead } from './message.ts'
import { seededRandom, type Random } from './random.ts'
import { compileFrame, compileShape, type Frame, type Shape } from './shape.ts'
import type { Role } from './log-source.ts'
import { SOURCES } from './sources.ts'

export interface GeneratorOptions {
  /** Machines that log. */
  hosts: number
  clouds?: number
  /** What is not the clock's comes from this: the same seed gives the same records. */
  seed?: number
  /** At most; `next` may ask for fewer. */
  recordsPerMessage: number
  /** Milliseconds since the epoch; a fraction counts. */
  now?: () => number
  /** Number of the first record, as its ` seq=` says. */
  firstSequence?: number
}

export interface GeneratedMessage {
  /** A whole AMQP message, shaped as omamqp1's. */
  message: Buffer
  records: number
  /** Index of the machine that sends it: all its records are of this one. */
  host: number
}

export interface Generator {
  /** The next message, of at most so many records, from the machine whose turn it is, or from the one named. */
  next (maxRecords?: number, host?: number): GeneratedMessage
  /** Records generated so far; the next one's number is `firstSequence + sent`. */
  readonly sent: number
  readonly seed: number
  readonly recordsPerMessage: number
  readonly hosts: readonly Host[]
}

/** A record of 32 bits chooses among so many places: a shape has as many as its share of the records. */
const PLACES = 4096
const MAX_SEQUENCE = 9_999_999_999

/**
 * Makes OpenStack logs as rsyslog sends them. What does not change is rendered once; a record costs a few copies and
 * the digits of its time, ids and number. Times are strictly increasing on each machine, the last of a message is now.
 */
export function createGenerator (options: GeneratorOptions): Generator {
  const { recordsPerMessage, clouds = 3, seed = Math.floor(Math.random() * 2 ** 32), now = Date.now, firstSequence = 0 } = options
  for (const [name, value] of Object.entries({ hosts: options.hosts, clouds, recordsPerMessage })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number above 0, not ${value}`)
  }
  const random = seededRandom(seed)
  const fleet = buildFleet(options.hosts, clouds)
  const frames: Frame[] = fleet.map(compileFrame)
  const shapes = compileRoles()
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
      // The records of a message lie between the last one's and now, but not further apart than 50 us: a burst.
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

/** Draws the shapes of the next message; how many bytes it will take. */
function choose (places: readonly Shape[], frame: Frame, chosen: Shape[], count: number, random: Random): number {
  let size = MESSAGE_HEAD
  for (let i = 0; i < count; i++) {
    const shape = places[random() & (PLACES - 1)]!
    chosen[i] = shape
    size += stringSize(recordSize(frame, shape))
  }
  return size
}

/** For each role its shapes, each as often as it is likely, and at least once. */
function compileRoles (): Record<Role, readonly Shape[]> {
  const compiled = SOURCES.map(source => {
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
