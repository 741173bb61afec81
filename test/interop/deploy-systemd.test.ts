import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { UNIT, valuesOf } from '../helpers/systemd-unit.ts'
import { needs } from './needs.ts'
import { folder } from './peer-process.ts'

const NEEDED = needs('systemd-analyze')
const mayTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
const TRACED = { skip: NEEDED.skip || (!mayTrace && 'there is no strace, or it may not trace here') }
/** From 0 to 10. What is left is the network, and the memory that Node compiles into. */
const MOST_EXPOSURE = 1.5

function analyze (...args: string[]): { status: number | null, said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--no-pager', ...args], { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

/** Returns the path of the unit, with the Node that runs here in place of the distribution's. */
function unit (t: TestContext, change = (text: string): string => text): string {
  const file = join(folder(t), 'lokean.service')
  writeFileSync(file, change(readFileSync(UNIT, 'utf8').replace('/usr/bin/node', process.execPath)))
  return file
}

test('systemd takes the unit without a remark', NEEDED, t => {
  assert.deepEqual(analyze('verify', '--man=no', unit(t)), { status: 0, said: '' })
  const wrong = analyze('verify', '--man=no', unit(t, text => text.replace('ProtectClock=', 'ProtectClocks=')))
  assert.match(wrong.said, /ProtectClocks/, 'it would say so')
})

test('systemd finds little that the unit leaves open', NEEDED, t => {
  const judged = (file: string): ReturnType<typeof analyze> =>
    analyze('security', '--offline=yes', `--threshold=${MOST_EXPOSURE * 10}`, file)
  const { status, said } = judged(unit(t))
  assert.equal(status, 0, said)
  assert.notEqual(judged(unit(t, text => text.replace('SystemCallFilter=@system-service\n', ''))).status, 0, 'it would say so')
})

/** Returns the system calls of a group, those of the groups in it included. */
function callsOf (group: string): string[] {
  const { status, said } = analyze('syscall-filter', group)
  assert.equal(status, 0, said)
  const names = said.split('\n').slice(1).map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'))
  return names.flatMap(name => name.startsWith('@') ? callsOf(name) : name)
}

test('the program works where every system call fails that the unit forbids', TRACED, t => {
  const [allowed, forbidden] = valuesOf('SystemCallFilter')
  assert.match(forbidden, /^~(?:@\w+ ?)+$/)
  const without = new Set(forbidden.slice(1).split(' ').flatMap(callsOf))
  const calls = callsOf(allowed).filter(name => !without.has(name))
  const others = `!${calls.map(name => `?${name}`).join()}`
  const [error] = valuesOf('SystemCallErrorNumber')
  const file = join(folder(t), 'calls')
  const trace = ['strace', '-f', '-qq', '-o', file, '-e', `trace=${others}`, '-e', `inject=${others}:error=${error}`]
  const under = (...command: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(trace[0], [...trace.slice(1), ...command], { encoding: 'utf8', timeout: 120_000 })
  const { status, stdout, stderr } = under(process.execPath, '--', 'dist/main.js', 'demo', '--records', '2000', '--json')
  assert.equal(status, 0, `${stdout as string}${stderr as string}${readFileSync(file, 'utf8')}`)
  assert.notEqual(under('chroot', '/', 'true').status, 0, 'a forbidden one fails')
})
