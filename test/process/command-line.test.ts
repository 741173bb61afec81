import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { lokean } from '../helpers/program.ts'

/** Neither help nor a refused call reads the settings. */
const WRONG_SETTING = { LOKEAN_SHARDS: 'none' }

test('help and version go to stdout, with nothing on stderr', async t => {
  const cleanup = Cleanup.of(t)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const cases: Array<[args: string[], expected: RegExp]> = [
    [
      ['--help'],
      /^Takes OpenStack logs off .*\n\nUsage: lokean \[command\] \[flags\]\n[^]*^ {2}LOKEAN_AMQP_URL {2}\[amqp:\/\/127\.0\.0\.1:5672\]$/m
    ],
    [['demo', '-h', '--json'], /^Usage: lokean demo \[flags\]\n[^]*--keep/],
    [['help', 'check'], /^Usage: lokean check \[flags\]\n[^]*--health/],
    [['--version'], new RegExp(`^lokean ${version.replaceAll('.', '\\.')}\n$`)]
  ]
  await Promise.all(cases.map(async ([args, expected]) => {
    const { code, stdout, stderr } = await lokean(cleanup, args, WRONG_SETTING)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, args.join(' '))
    assert.match(stdout, expected)
  }))
})

test('a wrong command line is refused with 64 and a line that says why, before any setting is read', async t => {
  const cleanup = Cleanup.of(t)
  const cases: Array<[args: string[], line: string]> = [
    [['--jsno'], 'unknown flag "--jsno"; the nearest is --json'],
    [['rnu'], 'unknown command "rnu"; the nearest is run'],
    [['run', 'extra'], 'unexpected argument "extra": run takes flags only'],
    [['demo', '--records', 'many'], '--records is "many": must be a whole number from 1 to 1000000000000']
  ]
  await Promise.all(cases.map(async ([args, line]) => {
    const result = await lokean(cleanup, args, WRONG_SETTING)
    assert.deepEqual(result, { code: 64, signal: null, stdout: '', stderr: `lokean: ${line}\nTry 'lokean --help'.\n` })
  }))
})
