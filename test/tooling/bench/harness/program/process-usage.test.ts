import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { parseExposition } from '../../../../../bench/harness/program/exposition.ts'
import { cpuUsage, memoryUsage } from '../../../../../bench/harness/program/process-usage.ts'

const noProc = !existsSync('/proc/self/task')

test('what this process has used grows with what it does, and is about what Node says', { skip: noProc }, () => {
  const before = cpuUsage(process.pid)!
  const own = process.cpuUsage()
  while (process.cpuUsage(own).user < 200_000) Math.hypot(own.user, own.system)
  const after = cpuUsage(process.pid)!
  const { user, system } = process.cpuUsage(own)
  const total = after.totalMicros - before.totalMicros
  const main = after.mainMicros - before.mainMicros
  assert.ok(main > 100_000 && main <= total, `${main} of ${total}`)
  assert.ok(Math.abs(total - user - system) < 100_000, `${total} against ${user + system}`)
})

test('memory: the peak is no less than what is held', { skip: noProc }, () => {
  const { peakMb, nowMb } = memoryUsage(process.pid)!
  assert.ok(nowMb > 10 && nowMb <= peakMb)
})

test('there is nothing to tell of a process that is not there', () => {
  assert.equal(cpuUsage(2 ** 30), undefined)
  assert.equal(memoryUsage(2 ** 30), undefined)
})

test('reads a text exposition', () => {
  const samples = parseExposition('# HELP a b\n# TYPE a counter\na 1\nb{x="y z",le="+Inf"} 2.5e3\nc NaN\nd{e="}"} -1 1795000000000\n')
  assert.deepEqual([...samples], [['a', 1], ['b{x="y z",le="+Inf"}', 2500], ['c', NaN], ['d{e="}"}', -1]])
})
