import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { Site } from '../faults/site.ts'

/**
 * 0.1.0 called the level by another name. To Loki from 3.7.0 on an entry with other metadata is another entry, so a
 * record that both versions store is there twice.
 */
const BEFORE = { LOKEAN_METADATA: 'level,file,pid,request_id,instance_id' }
/** Slow enough for a program to start while it lasts. */
const LOAD = { hosts: 20, records: 60_000, rate: 15_000 }

test('an upgrade and a rollback under load lose nothing, and store no more twice than was sent again', { timeout: 120_000 }, async t => {
  const site = await Site.open(Cleanup.of(t), 1, LOAD)
  const before = site.start(BEFORE)
  site.send()
  await site.settled(0.2)
  const upgraded = site.start()
  await site.bus.until(({ 'rsyslog/logs': address }) => address?.receivers === 2)
  await site.settled(0.35)
  await site.stop(before)
  await site.settled(0.5)
  const after = site.start(BEFORE)
  await site.bus.until(({ 'rsyslog/logs': address }) => address?.receivers === 2)
  await site.stuck()
  await site.stop(upgraded, 'SIGKILL')
  await site.settled(1)
  assert.equal(after.exit, undefined)

  const { sent, missing, storedTwice, resent } = await site.reconcile()
  assert.equal(missing, 0)
  assert.ok(sent >= LOAD.records && storedTwice <= resent, `${storedTwice} of ${sent} are stored twice, ${resent} were sent again`)
  const names = { level: 0, detected_level: 0 }
  site.loki.store.forEach(({ buf, lineEnd, entryEnd }) => {
    // Behind the line.
    const metadata = buf.toString('latin1', lineEnd, entryEnd)
    if (metadata.includes('detected_level')) names.detected_level++
    else if (metadata.includes('level')) names.level++
  })
  assert.ok(names.level > 0 && names.detected_level > 0, JSON.stringify(names))
  t.diagnostic(JSON.stringify({ sent, storedTwice, resent, ...names }))
})
