import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoudestHosts } from '../../../../src/ops/page/loudest-hosts.ts'

const SECOND = 1000

/** The hosts with a clock that is set by hand. */
function setUp (startMs = 7_777_777) {
  let now = startMs
  const hosts = new LoudestHosts(() => now)
  return { hosts, pass: (ms: number) => { now += ms } }
}

test('what several workers tell of a host is one rate, over the time since the first was told', () => {
  const { hosts, pass } = setUp()
  assert.deepEqual(hosts.loudest, [])
  hosts.add([{ host: 'a', records: 100 }, { host: 'b', records: 150 }])
  hosts.add([{ host: 'a', records: 100 }])
  pass(20 * SECOND)
  assert.deepEqual(hosts.loudest, [{ host: 'a', recordsPerSecond: 10 }, { host: 'b', recordsPerSecond: 7.5 }])
})

test('a rate is never over less than five seconds', () => {
  const { hosts } = setUp()
  hosts.add([{ host: 'a', records: 100 }])
  assert.deepEqual(hosts.loudest, [{ host: 'a', recordsPerSecond: 20 }])
})

test('a steady host has its rate at any moment, and a minute later it is gone', () => {
  const { hosts, pass } = setUp()
  for (let second = 0; second < 200; second++) {
    hosts.add([{ host: 'a', records: 50 }])
    pass(SECOND)
    if (second < 5) continue
    const rate = hosts.loudest[0]?.recordsPerSecond ?? 0
    assert.ok(Math.abs(rate - 50) <= 1, `${rate} after ${second} s`)
  }
  pass(60 * SECOND)
  assert.deepEqual(hosts.loudest, [])
})

test('ten are named, and nothing is kept of what was told long ago', () => {
  const { hosts, pass } = setUp()
  for (let i = 0; i < 1000; i++) {
    hosts.add([{ host: `h${i}`, records: i }])
    pass(SECOND)
  }
  assert.deepEqual(hosts.loudest.map(({ host }) => host), Array.from({ length: 10 }, (_, i) => `h${999 - i}`))
})
