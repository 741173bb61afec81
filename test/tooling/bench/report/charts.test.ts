import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { charts } from '../../../../bench/report/charts.ts'
import { linearScale, logScale, spaced } from '../../../../bench/report/scale.ts'
import { escape, picture } from '../../../../bench/report/svg.ts'
import { sampleResult } from '../sample-result.ts'

/** Returns the names of the elements. Throws where the text is not well-formed XML of svg.ts's kind. */
function elements (svg: string): string[] {
  const open: string[] = []
  const names: string[] = []
  const rest = svg.trim().replace(/<(\/?)([a-z]+)((?: [a-zA-Z][a-zA-Z0-9-]*="[^"<&]*(?:&#\d+;[^"<&]*)*")*)(\/?)>/g,
    (_, closing: string, name: string, _attributes: string, empty: string) => {
      if (closing !== '') assert.equal(open.pop(), name)
      else {
        names.push(name)
        if (empty === '') open.push(name)
      }
      return ''
    })
  assert.deepEqual(open, [])
  assert.doesNotMatch(rest, /[<>]|&(?!#\d+;)/)
  return names
}

function numbers (svg: string, attribute: string): number[] {
  return [...svg.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, value]) => Number(value))
}

test('every chart is well-formed, named for who cannot see it, and dark where the reader is', () => {
  const drawn = charts(sampleResult())
  assert.deepEqual(drawn.map(([name]) => name), [
    'cpu.svg', 'workers.svg', 'latency.svg', 'stall.svg', 'hosts.svg', 'everyday.svg', 'loki.svg'
  ])
  for (const [, svg] of drawn) {
    const names = elements(svg)
    assert.deepEqual(names.slice(0, 4), ['svg', 'title', 'desc', 'style'])
    assert.match(svg, /role="img"/)
    assert.match(svg, /@media\(prefers-color-scheme:dark\)/)
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
  }
})

test('nothing is drawn outside of the picture', () => {
  for (const [name, svg] of charts(sampleResult())) {
    const [width, height] = [numbers(svg, 'width')[0], numbers(svg, 'height')[0]]
    for (const [attribute, most] of [
      ['x', width], ['x1', width], ['x2', width], ['cx', width], ['y', height], ['y1', height], ['y2', height], ['cy', height]
    ] as const) {
      assert.ok(numbers(svg, attribute).every(value => value >= 0 && value <= most), `${name}: ${attribute}`)
    }
    assert.ok(numbers(svg, 'height').every(value => value >= 0), name)
  }
})

test('values and the floor are written out', () => {
  const [[, cpu]] = charts(sampleResult())
  for (const shown of [
    '>9.8<', '>4.02<', '>3.31<', '>3.12<', '>main 6.2<', '>floor: 3.1<', '>1.07 times the floor<', '>µs of CPU a record<',
    '>records a message<'
  ]) assert.ok(cpu.includes(shown), shown)
})

test('a bar is as high as its value on the scale that stands beside it', () => {
  fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), max => {
    const { at, ticks } = linearScale(max, 300, 100)
    assert.equal(ticks[0], 0)
    assert.ok(ticks[ticks.length - 1] >= max * (1 - 1e-9) && ticks.length >= 3 && ticks.length <= 7)
    assert.ok(Math.abs(at(0) - 300) < 1e-6 && Math.abs(at(ticks[ticks.length - 1]) - 100) < 1e-6)
    assert.ok(Math.abs((300 - at(max / 2)) * 2 - (300 - at(max))) < 1e-6)
  }))
  assert.deepEqual(linearScale(0, 300, 100).ticks.length > 1, true)
})

test('a logarithmic axis reaches over all values in powers of ten', () => {
  fc.assert(fc.property(fc.double({ min: 1e-3, max: 1e5, noNaN: true }), fc.double({ min: 1, max: 1e3, noNaN: true }), (min, factor) => {
    const { at, ticks } = logScale(min, min * factor, 300, 100)
    for (const value of [min, min * factor]) assert.ok(at(value) <= 300 + 1e-6 && at(value) >= 100 - 1e-6)
    assert.ok(ticks.every((tick, index) => index === 0 || Math.abs(tick / ticks[index - 1] - 10) < 1e-9))
  }))
})

test('labels keep their order and their distance, and stay where there is room', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 }), positions => {
    const moved = spaced(positions, 12)
    const order = positions.map((_, index) => index).sort((a, b) => moved[a] - moved[b])
    for (let i = 1; i < order.length; i++) {
      assert.ok(moved[order[i]] - moved[order[i - 1]] >= 12 - 1e-9)
      assert.ok(positions[order[i]] >= positions[order[i - 1]])
    }
  }))
  assert.deepEqual(spaced([10, 50, 200], 12), [10, 50, 200])
})

test('text cannot become markup', () => {
  fc.assert(fc.property(fc.string(), text => { assert.doesNotMatch(escape(text), /[<>"]/) }))
  assert.deepEqual(elements(picture(100, 100, '<script>&"', 'a < b', '')).filter(name => name === 'script'), [])
})
