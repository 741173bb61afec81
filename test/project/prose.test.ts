import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pages } from './pages.ts'

const MOST_COLUMNS = 120
const MOST_WORDS = 35
/** The README is read in ten minutes. */
const README = { page: 'README.md', lines: 200 }

/** Made by the bench, all of it. */
const GENERATED_PAGES = ['bench/results/README.md']
const GENERATED = /^<!-- (\S+):begin -->\n[^]*?^<!-- \1:end -->$/gm
const CODE = /^```[^]*?^```$/gm

/** What somebody has written of a page: what is generated is left out, but not its lines. */
function written (path: string): string {
  return readFileSync(path, 'utf8').replace(GENERATED, block => block.replace(/[^\n]/g, ''))
}

const WRITTEN = pages().filter(path => !GENERATED_PAGES.includes(path)).map(path => ({ path, text: written(path) }))

/** The paragraphs, items and cells of tables. In a cell, a semicolon ends a sentence too. */
function pieces (text: string): string[] {
  const plain = text.replace(/^---\n[^]*?^---$/m, '').replace(CODE, '').replace(/<[^>]+>/g, '')
  return plain.split(/\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.))/)
    .flatMap(piece => piece.startsWith('|') ? piece.split(/(?<!\\)\||;/) : [piece])
}

function sentences (text: string): string[] {
  return pieces(text).flatMap(piece => piece
    .replace(/`[^`]*`/g, code => code.replace(/[\s.!?]/g, '_'))
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .split(/(?<=[.!?](?:\*\*)?)\s+/))
}

function words (sentence: string): number {
  return sentence.split(/\s+/).filter(word => /\w/.test(word)).length
}

test('no line of a page is longer than its room, but in tables and code', () => {
  const long = WRITTEN.flatMap(({ path, text }) => text.replace(CODE, code => code.replace(/[^\n]/g, '')).split('\n').flatMap((line, i) => {
    const narrow = path === README.page || !line.startsWith('|')
    return narrow && line.length > MOST_COLUMNS ? [`${path}:${i + 1}: ${line.length} columns`] : []
  }))
  assert.deepEqual(long, [])
})

test('no sentence of a page is longer than one breath', () => {
  const long = WRITTEN.flatMap(({ path, text }) => sentences(text).flatMap(sentence =>
    words(sentence) > MOST_WORDS ? [`${path}: ${words(sentence)} words: ${sentence.replace(/\s+/g, ' ')}`] : []))
  assert.deepEqual(long, [])
})

test('no sentence stands in two pages, or twice in one', () => {
  const seen = new Map<string, string>()
  const twice: string[] = []
  for (const { path, text } of WRITTEN) {
    for (const sentence of sentences(text).filter(sentence => words(sentence) >= 12 && !sentence.startsWith('#'))) {
      const key = sentence.replace(/[\s*]+/g, ' ').trim()
      const other = seen.get(key)
      if (other !== undefined) twice.push(`${other} and ${path}: ${key}`)
      seen.set(key, path)
    }
  }
  assert.deepEqual(twice, [])
})

test('the README is short', () => {
  assert.ok(readFileSync(README.page, 'utf8').split('\n').length <= README.lines)
})
