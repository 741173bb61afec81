import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsHelp, settingsMarkdown, wrap } from '../../../src/config/describe.ts'
import { GROUPS } from '../../../src/config/option.ts'
import { OPTION_NAMES, optionOf } from '../../../src/config/options.ts'

test('the Markdown table has one row of three cells for each option, in order', () => {
  const [header, rule, ...rows] = settingsMarkdown().trimEnd().split('\n')
  assert.equal(header, '| name | default | meaning |')
  assert.equal(rule, '| --- | --- | --- |')
  assert.deepEqual(rows.map((row) => /^\| `(\w+)` \| [^|]* \| [^|]+ \|$/.exec(row)?.[1]), OPTION_NAMES)
  assert.ok(rows.includes('| `LOKEAN_WORKERS` | cores - 1, at least 1 | worker threads |'))
  assert.ok(rows.includes('| `LOKEAN_SHARDS` | `4` | pushes in parallel for each tenant |'))
})

test('the help has every group and option, within 80 columns', () => {
  const help = settingsHelp()
  for (const group of GROUPS) assert.ok(help.includes(`${group}:\n`), group)
  for (const name of OPTION_NAMES) assert.match(help, new RegExp(`^  ${name}(?:  \\[|$)`, 'm'))
  for (const line of help.split('\n')) assert.ok(line.length <= 80, line)
})

test('each documented default is one that the option takes', () => {
  for (const name of OPTION_NAMES) {
    const { default: text, schema } = optionOf(name)
    if (text !== undefined) assert.ok(schema.safeParse(text).success, name)
  }
})

test('wrapping breaks at spaces only', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrap('unbreakable x', 4), ['unbreakable', 'x'])
  assert.deepEqual(wrap('', 4), [])
})
