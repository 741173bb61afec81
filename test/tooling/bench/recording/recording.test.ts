import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { drawing } from '../../../../bench/recording/drawing.ts'
import { record } from '../../../../bench/recording/record.ts'

test('a recording has every line of either output, those of one in order, and when each came', async () => {
  const lines = await record(['-e', 'console.log("first"); console.error("progress"); setTimeout(() => console.log("second"), 5)'], process.env)
  const texts = lines.map(({ text }) => text)
  assert.deepEqual(texts.filter(text => text !== 'progress'), ['first', 'second'])
  assert.ok(texts.includes('progress') && lines.length === 3)
  assert.ok(lines.every(({ afterMs }, i) => afterMs > 0 && afterMs >= (lines[i - 1]?.afterMs ?? 0)))
})

test('a program that fails is not recorded, and what it said is told', async () => {
  await assert.rejects(record(['-e', 'console.log("no Loki"); process.exitCode = 3'], process.env), /ended with 3: no Loki/)
})

test('the drawing shows the command and each line at its time, text as text, and long lines cut', () => {
  const svg = drawing('npm run x', [{ afterMs: 12.4, text: '{a="<b>"}' }, { afterMs: 20, text: 'x'.repeat(500) }], 'Recorded here.')
  assert.match(svg, /class="typed"[^>]*>\$ npm run x</)
  assert.match(svg, /animation-delay:12ms">\{a=&#34;&#60;b&#62;&#34;\}</)
  assert.match(svg, />x{111}…</)
  assert.match(svg, /Recorded here\./)
})

test('the README\'s recording is of a run that lost nothing and found what sudo said', () => {
  const svg = readFileSync('.github/demo.svg', 'utf8')
  const [, sent] = / sent {8}([\d,]+) records/.exec(svg) ?? []
  assert.match(svg, new RegExp(` stored {6}${sent} in `))
  assert.match(svg, / missing {5}0</)
  assert.match(svg, / duplicates {2}0</)
  assert.match(svg, /source=&#34;sudo&#34;/)
})
