import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS, type FlagName, FLAGS, flagOf } from '../../../src/cli/flags.ts'
import { helpText } from '../../../src/cli/help.ts'
import { settingsHelp } from '../../../src/config/describe.ts'

test('the overview names every command, the exit codes and all settings', () => {
  const text = helpText()
  for (const command of COMMANDS) assert.match(text, new RegExp(`^  ${command} `, 'm'))
  for (const code of [0, 1, 64, 78]) assert.match(text, new RegExp(`^  ${code} `, 'm'))
  assert.ok(text.endsWith(settingsHelp()))
})

test('the help of a command has its flags and no others', () => {
  for (const command of COMMANDS) {
    const text = helpText(command)
    assert.ok(text.startsWith(`Usage: lokean ${command} `))
    for (const name of Object.keys(FLAGS) as FlagName[]) {
      assert.equal(new RegExp(`^  --${name}[ ,]`, 'm').test(text), flagOf(name).commands.includes(command), `${command} --${name}`)
    }
  }
})

test('every line fits 80 columns, has no trailing space, and the last one ends', () => {
  for (const topic of [undefined, ...COMMANDS]) {
    const text = helpText(topic)
    assert.ok(text.endsWith('\n') && !text.endsWith('\n\n'))
    for (const line of text.split('\n')) assert.ok(line.length <= 80 && line === line.trimEnd(), line)
  }
})
