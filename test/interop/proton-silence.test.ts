import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { withProton } from './proton/peer.ts'
import { readyz, site } from './proton/site.ts'

/**
 * The number of heartbeats in each direction that must be seen. The program asks for one in 5 s at least, and gives up
 * after 20 s.
 */
const HEARTBEATS_OUT = 5
const HEARTBEATS_IN = 30

/** Heartbeats in both directions keep the connection of an idle program. */
async function idle (cleanup: Cleanup): Promise<void> {
  const { broker, loki, run } = await site(cleanup, { idleTimeout: 1 })
  await readyz(run, 200)
  broker.send(['before'])
  await broker.delivered(loki)
  for (let beats = 0; beats < HEARTBEATS_IN; beats++) await broker.says('heartbeat', ({ way }) => way === 'in')
  for (let beats = broker.count('heartbeat', ({ way }) => way === 'out'); beats < HEARTBEATS_OUT; beats++) {
    await broker.says('heartbeat', ({ way }) => way === 'out')
  }
  broker.send(['after'])
  await broker.delivered(loki)
  assert.deepEqual([broker.count('opened'), broker.count('lost')], [1, 0])
  assert.ok(run.log().every(({ level }) => level === 'info'))
  assert.equal((await run.stop()).code, 0)
}

/**
 * The program leaves a frozen broker. When the broker goes on, it sends every message again whose acceptance it did not
 * hear.
 */
async function hanging (cleanup: Cleanup): Promise<void> {
  const { broker, loki, gate, run } = await site(cleanup)
  await readyz(run, 200)
  gate.shut({ stored: true })
  broker.send(['in the middle', 'of something'])
  await broker.says('transfer')
  broker.signal('SIGSTOP')
  gate.open()
  const lost = await run.logged('lost the bus; connecting again')
  assert.equal(lost.reason, 'nothing came from the bus for 20 s, not even a heartbeat')
  assert.match(await readyz(run, 503), /nothing came from the bus for 20 s/)
  broker.signal('SIGCONT')
  await broker.delivered(loki)
  await readyz(run, 200)
  assert.equal((await run.stop()).code, 0)
}

/** The program detaches from a broker that ignores a link, and tries again. */
async function unanswered (cleanup: Cleanup): Promise<void> {
  const { broker, loki, run } = await site(cleanup)
  await readyz(run, 200)
  broker.answer('ignore')
  broker.finish('detach')
  broker.send(['for whoever attaches'])
  await broker.says('ignored')
  assert.match(await readyz(run, 503), /^not attached: rsyslog\/logs/)
  await run.logged('the link is closed; attaching again', ({ reason }) => reason === 'the bus did not attach the link within 10 s')
  broker.answer('attach')
  await broker.delivered(loki)
  await readyz(run, 200)
  assert.equal(broker.count('opened'), 1, 'over the same connection')
  assert.equal((await run.stop()).code, 0)
}

// The three run side by side, because each waits for seconds.
test('heartbeats keep an idle connection, their lack ends it, and a link that is not answered is asked for again', withProton(), async t => {
  const cleanup = Cleanup.of(t)
  await Promise.all([idle(cleanup), hanging(cleanup), unanswered(cleanup)])
})
