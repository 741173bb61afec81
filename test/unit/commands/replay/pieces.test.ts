import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundEntry } from '../../../../src/commands/replay/found-entry.ts'
import { Pieces } from '../../../../src/commands/replay/pieces.ts'

const LABELS = { source: 'lokean', quarantine: 'too_old' }

/** An entry of quarantine with metadata. */
const told = (time: number, line: string, metadata: Record<string, string> = {}): FoundEntry => ({
  tenant: '', labels: LABELS, timestamp: String(time), line, metadata: { address: 'a', ...metadata }
})
const untold = (time: number, line: string): FoundEntry => ({ tenant: '', labels: LABELS, timestamp: String(time), line, metadata: {} })

function join (entries: readonly FoundEntry[]): { lines: Array<[time: string, line: string]>, incomplete: string[] } {
  const pieces = new Pieces()
  const whole = entries.flatMap(entry => pieces.add(entry) ?? [])
  assert.ok(whole.every(({ metadata }) => metadata.piece === undefined))
  return { lines: whole.map(({ timestamp, line }) => [timestamp, line]), incomplete: [...pieces.incomplete()].map(({ line }) => line) }
}

test('the pieces of a line are joined, whatever level Loki found in each', () => {
  assert.deepEqual(join([
    told(7, 'a', { piece: '1/3', detected_level: 'error' }),
    told(8, 'b', { piece: '2/3', detected_level: 'unknown' }),
    told(9, 'c', { piece: '3/3' })
  ]), { lines: [['7', 'abc']], incomplete: [] })
})

test('lines of two writers lie between each other', () => {
  const [one, other] = [{ piece: '1/2' }, { piece: '2/2' }]
  assert.deepEqual(join([told(7, 'a', one), told(8, 'x', one), told(8, 'b', other), told(9, 'y', other)]).lines, [['7', 'ab'], ['8', 'xy']])
})

test('what else is told must be equal', () => {
  const { lines, incomplete } = join([told(7, 'a', { piece: '1/2', host: 'h1' }), told(8, 'b', { piece: '2/2', host: 'h2' })])
  assert.deepEqual([lines, incomplete], [[], ['a', 'b']])
})

test('a line without its first piece is incomplete, and takes no piece of another', () => {
  assert.deepEqual(join([told(8, 'b', { piece: '2/2' }), told(20, 'x', { piece: '1/2' }), told(21, 'y', { piece: '2/2' })]), {
    lines: [['20', 'xy']], incomplete: ['b']
  })
})

test('a piece that was cut again comes later, and takes its place', () => {
  assert.deepEqual(join([
    told(7, 'a', { piece: '1/3' }), told(9, 'd', { piece: '3/3' }),
    told(100, 'b', { piece: '2/3 1/2' }), told(101, 'c', { piece: '2/3 2/2' })
  ]), { lines: [['7', 'abcd']], incomplete: [] })
  assert.deepEqual(join([
    told(100, 'a', { piece: '1/2 1/2' }), told(101, 'b', { piece: '1/2 2/2' }),
    told(200, 'c', { piece: '2/2 1/2' }), told(201, 'd', { piece: '2/2 2/2' })
  ]).lines.map(([, line]) => line), ['abcd'])
})

test('without metadata, the number in front of a line counts, that of a piece cut again too', () => {
  assert.deepEqual(join([untold(7, '[1/2] a'), untold(8, '[2/2] b\n[1/2] c'), untold(9, 'whole')]), {
    lines: [['7', 'ab\n[1/2] c'], ['9', 'whole']], incomplete: []
  })
  assert.deepEqual(join([
    untold(7, '[1/2] a'), untold(100, '[1/2] [2/2] b'), untold(101, '[2/2] c')
  ]), { lines: [['7', 'abc']], incomplete: [] })
})

test('a line that only looks like a piece is none: with metadata, and in a stream of its own', () => {
  const ordinary = { tenant: '', labels: { host: 'h' }, timestamp: '9', line: '[1/2] a', metadata: {} }
  assert.deepEqual(join([told(7, '[1/2] a'), ordinary]).lines, [['7', '[1/2] a'], ['9', '[1/2] a']])
})
