import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteLoop } from '../../../../bench/micro/byte-loop.ts'
import { type Alternative, compare, cpuMicros, type Effort, exact } from '../../../../bench/micro/measure.ts'

const EFFORT: Effort = { warmUpMs: 1, windowMs: 10, rounds: 5 }

/** A clock that only the alternatives move. Each run moves it by so many microseconds. */
function paced (costs: Record<string, number | (() => number)>): { clock: () => number, alternatives: Alternative[], order: string[] } {
  let now = 0
  const order: string[] = []
  const alternatives = Object.entries(costs).map(([name, cost], index) => ({
    name,
    ...(index === 0 ? { chosen: true as const } : {}),
    run: (look?: (outcome: unknown) => void) => {
      now += typeof cost === 'number' ? cost : cost()
      if (order.at(-1) !== name) order.push(name)
      look?.([1, { two: Buffer.from('three') }])
    }
  }))
  return { clock: () => now, alternatives, order }
}

const ask = (alternatives: Alternative[]) => ({ question: 'how', unit: 'µs', per: 100, alternatives })

test('a figure is the CPU of a unit, and is set against the chosen one\'s', async () => {
  const { clock, alternatives } = paced({ a: 500, b: 1500 })
  const { question, unit, alternatives: [a, b] } = await compare(ask(alternatives), EFFORT, clock)
  assert.deepEqual([question, unit], ['how', 'µs'])
  const same = (median: number): object => ({ median, min: median, max: median })
  assert.deepEqual(a, { name: 'a', chosen: true, value: 5, spread: same(5), timesChosen: same(1) })
  assert.deepEqual(b, { name: 'b', chosen: false, value: 15, spread: same(15), timesChosen: same(3) })
})

test('a machine that becomes slower changes the figures, and not what is said of two of them', async () => {
  let speed = 1
  // Each round has a window of `a` and one of `b`, with one run each, so both see the same speed.
  let windows = 0
  const at = (cost: number) => () => {
    if (windows++ % 2 === 0) speed *= 2
    return cost * speed
  }
  const { clock, alternatives } = paced({ a: at(20_000), b: at(60_000) })
  const { alternatives: [a, b] } = await compare(ask(alternatives), EFFORT, clock)
  assert.ok(a.spread.max > 10 * a.spread.min)
  assert.deepEqual(b.timesChosen, { median: 3, min: 3, max: 3 })
})

test('no alternative always comes behind the same other one', async () => {
  const { clock, alternatives, order } = paced({ a: 1000, b: 1000, c: 1000 })
  await compare(ask(alternatives), { ...EFFORT, rounds: 50 }, clock)
  const behind = new Set(order.slice(1).map((name, i) => `${order[i]}${name}`))
  assert.deepEqual([...behind].sort(), ['ab', 'ac', 'ba', 'bc', 'ca', 'cb'])
})

test('alternatives that do not come to the same are not timed', async () => {
  const showing = (...outcomes: unknown[]) => (look?: (outcome: unknown) => void) => {
    assert.ok(look, 'it was timed')
    outcomes.forEach(look)
  }
  const first = { name: 'first', chosen: true as const, run: showing('one', Buffer.from('two')) }
  for (const [outcomes, message] of [
    [['one', Buffer.from('too')], /other and first differ .* at 1/], [['one'], /differ .*of 1 and 2/],
    [['one', Buffer.from('two'), 'three'], /of 3 and 2/], [[], /other shows nothing/]
  ] as const) await assert.rejects(compare(ask([first, { name: 'other', run: showing(...outcomes) }]), EFFORT), message)
})

test('one of the alternatives is the chosen one', () => {
  assert.throws(() => exact('how many', 'frames', [{ name: 'a', value: 1 }]), /one alternative is the chosen one/)
  assert.throws(
    () => exact('how many', 'frames', [{ name: 'a', chosen: true, value: 1 }, { name: 'b', chosen: true, value: 1 }]), /one alternative is/
  )
  assert.deepEqual(
    exact('how many', 'frames', [{ name: 'a', chosen: true, value: 2 }, { name: 'b', value: 5 }]).alternatives[1].timesChosen,
    { median: 2.5, min: 2.5, max: 2.5 }
  )
})

test('the clock is the processor\'s', () => {
  const used = (): number => Object.values(process.cpuUsage()).reduce((sum, micros) => sum + micros)
  const before = used()
  while (used() === before); // until the clock has moved
  const between = used()
  const clock = cpuMicros()
  assert.ok(between <= clock && clock <= used())
  assert.ok(before < clock)
})

test('the loop that is compared with the kernel takes what JSON.parse takes, with the same outcome', () => {
  const names = ['message', 'host', 'n\u00e4me']
  const loop = new ByteLoop({ names })
  fc.assert(fc.property(fc.dictionary(
    fc.oneof(fc.constantFrom(...names, 'other'), fc.string()),
    fc.oneof({ weight: 9, arbitrary: fc.string({ unit: 'grapheme' }) }, { weight: 1, arbitrary: fc.integer() })
  ), fc.boolean(), fc.boolean(), (record, slashes, spaced) => {
    const text = JSON.stringify(record, undefined, spaced ? 1 : undefined).replaceAll('/', slashes ? '\\/' : '/')
    const bytes = Buffer.from(`x${text}\nx`)
    if (!loop.scan(bytes, 1, bytes.length - 1)) return
    for (const [slot, name] of names.entries()) {
      assert.equal(bytes.toString('utf8', loop.from[slot], loop.to[slot]), Object.hasOwn(record, name) ? record[name] : '')
    }
  }))
  const taken = Buffer.from('{"message":"a \\/ b \\"c\\"","host":"h"}')
  assert.ok(loop.scan(taken, 0, taken.length))
  for (const text of ['', '{', '{"message":"', '{"message":1}', '{"message":"a"', '{"message":"a"}}', '["a"]', '{"message":"\\u0041"}']) {
    assert.equal(loop.scan(Buffer.from(text), 0, Buffer.byteLength(text)), false, text)
  }
})
