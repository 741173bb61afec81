import { type Resolved, Settler } from '../../src/ack/settler.ts'
import { seededRandom } from '../../src/generator/random.ts'
import { Budget } from '../../src/source/budget/budget.ts'
import { ReceivingSession } from '../../src/source/amqp/session.ts'
import type { MicroResult } from '../outcome/results.ts'
import { compare, type Effort, exact, type Look } from './measure.ts'
import { rheaFrames } from './rhea-frames.ts'

/** The most deliveries that there is ever credit for, in batches. */
const DELIVERIES = 4096
const BATCH = 64
/** Batches that run side by side and end in any order. As many end within one turn of the event loop. */
const TURN = 8
/** One run is too short for the clock, so several are timed together. */
const TIMES = 10

/**
 * Compares ways to settle deliveries, up to the bytes that go to the socket. Batches end in random order, some in each
 * turn of the event loop.
 *
 * Ranges, merged as far as one turn allows, were chosen. A frame for each delivery costs the main thread more than
 * receiving the delivery did, and the bus has to read all these frames.
 */
export async function ack (effort: Effort): Promise<MicroResult[]> {
  const turns = batchTurns()
  const of = (settle: (session: ReceivingSession, batches: readonly Batch[]) => void) => (look?: Look): number => {
    let frames = 0
    for (let time = 0; time < TIMES; time++) {
      const written = settleAll(turns, settle)
      frames += written.length
      look?.(settledIds(written))
    }
    return frames
  }
  const all = [
    { name: 'ranges merged each turn', chosen: true as const, settle: merged },
    {
      name: 'a range a batch',
      settle: (session: ReceivingSession, batches: readonly Batch[]) => session.settle(batches.map(({ first, last }) => [first, last]))
    },
    { name: 'a disposition a delivery', settle: separately }
  ]
  return [
    await compare({
      question: 'settling 4,096 deliveries',
      unit: 'µs for all',
      per: TIMES,
      alternatives: all.map(({ settle, ...one }) => ({ ...one, run: of(settle) }))
    }, effort),
    exact(
      'frames that settle 4,096 deliveries', 'frames', all.map(({ settle, ...one }) => ({ ...one, value: settleAll(turns, settle).length }))
    )
  ]
}

interface Batch { first: number, last: number }

function batchTurns (): Batch[][] {
  const random = seededRandom(7)
  const ends = Array.from({ length: DELIVERIES / BATCH }, (_, number) => ({ number, end: number + random() / 2 ** 32 * TURN }))
  const batches = ends.sort((a, b) => a.end - b.end).map(({ number }) => ({ first: number * BATCH, last: (number + 1) * BATCH - 1 }))
  return Array.from({ length: Math.ceil(batches.length / TURN) }, (_, turn) => batches.slice(turn * TURN, (turn + 1) * TURN))
}

/** Returns the frames that are written, those of each turn together. */
function settleAll (turns: readonly Batch[][], settle: (session: ReceivingSession, batches: readonly Batch[]) => void): Buffer[] {
  const receiving = new ReceivingSession({ budget: new Budget('bench', 1), onDelivery: () => {}, onTooLarge: () => {} })
  const written: Buffer[] = []
  const writer = { output: (frame: object) => { written.push(rheaFrames.write_frame(rheaFrames.amqp_frame(1, frame))) } }
  for (const batches of turns) {
    settle(receiving, batches)
    receiving.process(writer)
  }
  return written
}

function merged (session: ReceivingSession, batches: readonly Batch[]): void {
  const connection = { gone: false }
  const settler = new Settler<Resolved>({ settle: (_address, _connection, ranges) => session.settle(ranges), onSettled: () => {} })
  for (const { first, last } of batches) settler.add({ address: 'bench', spans: [{ connection, first, last }] })
  settler.flush()
}

function separately (session: ReceivingSession, batches: readonly Batch[]): void {
  for (const { first, last } of batches) {
    for (let id = first; id <= last; id++) session.settle([[id, id]])
  }
}

/** Returns the delivery ids that the bus reads from the frames, ascending. */
function settledIds (frames: readonly Buffer[]): number[] {
  return frames.flatMap(frame => {
    const { first, last } = rheaFrames.read_frame(frame).performative
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
  }).sort((a, b) => a - b)
}
