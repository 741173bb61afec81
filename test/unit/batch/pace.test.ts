import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Pace } from '../../../src/batch/pace.ts'

const LINGER = 100

interface Sender {
  /** When the sender has its next message, at the earliest. */
  next: number
  /** It waits until its message is settled. */
  waits: boolean
  /** Time between its messages; 0: it has the next one as soon as it may send. */
  every: number
}

interface Played { waits: number[], batches: number[], reads: number }

/**
 * Plays senders against a pace, in steps of a tenth of a millisecond. A batch is settled `answerMs` after it went. With
 * `rests`, what comes is left unread while nothing is needed. `reads` counts the steps in which something was read.
 */
function play (senders: Sender[], forMs: number, { answerMs = 3, rests = false } = {}): Played {
  const pace = new Pace(LINGER)
  const [waits, batches]: number[][] = [[], []]
  let [reads, quietUntil] = [0, 0]
  let unread: Sender[] = []
  const inflight: Array<{ at: number, senders: Sender[] }> = []
  let waiting: Array<{ since: number, sender: Sender }> = []
  for (let step = 0; step < forMs * 10; step++) {
    const now = step / 10
    for (let done; (done = inflight[0]) !== undefined && done.at <= now; inflight.shift()) {
      pace.settled(done.senders.length)
      for (const sender of done.senders) if (sender.waits) sender.next = now + sender.every
    }
    const came = senders.filter(({ next }) => next <= now)
    for (const sender of came) {
      waiting.push({ since: now, sender })
      sender.next = sender.waits ? Infinity : sender.next + sender.every
    }
    unread.push(...came)
    if (unread.length > 0 && now >= quietUntil) {
      pace.came(unread.length, now)
      unread = []
      reads++
    }
    if (waiting.length === unread.length || pace.due(now) > now) {
      if (rests && waiting.length > unread.length) quietUntil = Math.max(quietUntil, pace.quietUntil(now))
      continue
    }
    const left = waiting.splice(waiting.length - unread.length)
    pace.went(true, now)
    waits.push(...waiting.map(({ since }) => now - since))
    batches.push(waiting.length)
    inflight.push({ at: now + answerMs, senders: waiting.map(({ sender }) => sender) })
    waiting = left
  }
  return { waits, batches, reads }
}

const mean = (numbers: number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

test('what comes after a rest goes at once', () => {
  const { waits } = play([{ next: 5, waits: false, every: 500 }], 10_000)
  assert.equal(waits.length, 20)
  assert.deepEqual([...new Set(waits)], [0])
})

test('a lone sender that waits for each answer is held up by less than a tenth', () => {
  const { waits } = play([{ next: 0, waits: true, every: 0 }], 10_000)
  assert.ok(waits.length > 2_000)
  assert.ok(mean(waits) < 0.3, `${mean(waits)} ms`)
})

test('many that come one by one, steadily, gather for the linger', () => {
  // 250 a second, evenly: the answer to one has come before the next one does.
  const { waits, batches } = play(Array.from({ length: 100 }, (_, i) => ({ next: 4 * i, waits: false, every: 400 })), 20_000)
  const late = batches.slice(-50)
  assert.ok(mean(late) > 20, `${mean(late)} a batch`)
  assert.ok(Math.max(...waits) <= LINGER + 0.1)
})

test('senders that all wait go together as soon as all have sent', () => {
  const { waits, batches } = play(Array.from({ length: 200 }, (_, i) => ({ next: i / 100, waits: true, every: 0 })), 5_000)
  const late = waits.slice(-20_000)
  assert.deepEqual([...new Set(batches.slice(-20))], [200])
  assert.ok(mean(late) < 0.5, `${mean(late)} ms`)
})

test('one of those that wait goes silent: the others wait for it once, and then no more', () => {
  const pace = new Pace(LINGER)
  let now = 0
  const round = (count: number): number => {
    pace.came(count, now)
    const came = now
    while (pace.due(now) > now) now += 1
    pace.went(true, now)
    const waited = now - came
    now += 3
    pace.settled(count)
    return waited
  }
  for (let i = 0; i < 10; i++) round(20)
  assert.equal(round(20), 0)
  assert.ok(round(19) > 0)
  assert.equal(round(19), 0)
})

test('a pause of the linger at most, whatever comes', () => {
  const senders = Array.from({ length: 37 }, (_, i) => ({ next: i * 1.7, waits: i % 2 === 0, every: 11.3 * (i % 5 + (i % 2)) }))
  const { waits } = play(senders, 10_000)
  assert.ok(Math.max(...waits) <= LINGER + 0.1)
})

test('what comes thinly but steadily is read a few times in a linger, and waits no longer for that', () => {
  const steady = (): Sender[] => Array.from({ length: 100 }, (_, i) => ({ next: 4 * i, waits: false, every: 400 }))
  const [all, some] = [play(steady(), 20_000), play(steady(), 20_000, { rests: true })]
  assert.ok(some.reads < all.reads / 4, `${some.reads} of ${all.reads}`)
  assert.ok(Math.max(...some.waits) <= LINGER * 1.05 + 0.1, `${Math.max(...some.waits)} ms`)
})

test('senders that all wait are found out although little is read', () => {
  const { batches } = play(Array.from({ length: 200 }, (_, i) => ({ next: i / 100, waits: true, every: 0 })), 5_000, { rests: true })
  assert.deepEqual([...new Set(batches.slice(-20))], [200])
})
