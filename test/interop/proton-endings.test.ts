import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import type { AmqpError } from './proton/broker.ts'
import { until } from '../helpers/until.ts'
import { withProton } from './proton/peer.ts'
import { readyz, site } from './proton/site.ts'

/** What the broker ends, with which error, and the logged reason. */
const ENDINGS: Array<['detach' | 'end' | 'close', AmqpError | undefined, string]> = [
  ['detach', { condition: 'amqp:internal-error', description: 'disk on fire' }, 'amqp:internal-error: disk on fire'],
  ['detach', { condition: 'amqp:link:stolen', description: 'another has it' }, 'amqp:link:stolen: another has it'],
  ['detach', { condition: 'amqp:resource-limit-exceeded' }, 'amqp:resource-limit-exceeded'],
  ['detach', undefined, 'the bus detached the link'],
  ['end', { condition: 'amqp:session:errant-link', description: 'bad link' }, 'amqp:session:errant-link: bad link'],
  ['end', undefined, 'the bus ended the session'],
  ['close', { condition: 'amqp:connection:forced', description: 'maintenance' }, 'amqp:connection:forced: maintenance'],
  [
    'close', { condition: 'amqp:resource-limit-exceeded', description: 'too many connections' },
    'amqp:resource-limit-exceeded: too many connections'
  ],
  ['close', undefined, 'the bus closed the connection']
]

for (const stored of [false, true]) {
  test(`links, sessions and connections that the bus ends are made anew; what was unsettled${stored ? ', and stored already,' : ''} comes again and is stored once`, withProton(), async t => {
    const { broker, loki, gate, run } = await site(Cleanup.of(t))
    for (const [what, error, reason] of ENDINGS) {
      await broker.says('attached')
      gate.shut({ stored })
      broker.send([`${what} for ${reason}`, 'the same line'])
      broker.send([`another, ${what} for ${reason}`])
      await broker.says('transfer')
      await broker.says('transfer')
      broker.finish(what, error)
      await broker.says('returned')
      await broker.says('returned')
      const line = await run.logged(what === 'close'
        ? 'lost the bus; connecting again'
        : 'the link is closed; attaching again', line => line.reason === reason)
      assert.equal(line.level, 'warn')
      gate.open()
      await broker.delivered(loki)
    }
    await readyz(run, 200)
    assert.equal(
      broker.count('opened'), 1 + ENDINGS.filter(([what]) => what === 'close').length, 'a link or session takes no connection with it'
    )
    const { code, stderr } = await run.stop()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  })
}

test('an address that the bus refuses: the log and /readyz say so, and it heals', withProton(), async t => {
  const { broker, loki, run } = await site(Cleanup.of(t))
  await readyz(run, 200)
  for (const [condition, mend] of [
    ['amqp:not-found', /LOKEAN_AMQP_ADDRESSES/], ['amqp:unauthorized-access', /LOKEAN_AMQP_USERNAME/],
    ['amqp:resource-limit-exceeded', undefined]
  ] as const) {
    broker.answer('refuse', { condition, description: `no ${condition}` })
    const before = run.log().length
    broker.finish('detach')
    await broker.says('refused')
    const line = await run.logged('the link is closed; attaching again', ({ reason }) => reason === `${condition}: no ${condition}`)
    if (mend === undefined) assert.equal(line.mend, undefined)
    else assert.match(String(line.mend), mend)
    const detail = await readyz(run, 503)
    assert.ok(detail.startsWith(`not attached: rsyslog/logs; ${condition}: no ${condition}`), detail)
    assert.ok(!run.log().slice(before).some(({ msg }) => msg === 'receiving'), 'a refused link never was attached')
    broker.send([condition])
    broker.answer('attach')
    await broker.delivered(loki)
    await readyz(run, 200)
  }
})

test('a message of 300 KB in frames of less than 512 bytes, a broker that takes no larger ones, and one that dies in between', withProton(), async t => {
  const { broker, loki, gate, run } = await site(Cleanup.of(t), { maxFrameSize: 512, framePayload: 450 })
  const large = Array.from({ length: 300 }, (_, i) => `line ${i} ${'x'.repeat(1000)}`)
  gate.shut({ stored: true })
  for (const copy of [1, 2, 3]) {
    broker.send(large.map(line => `${copy}: ${line}`))
    await broker.says('transfer')
  }
  await until('Loki has a push', () => gate.held > 0)
  await broker.restart({ maxFrameSize: 2 ** 20 })
  gate.open()
  // Each message may have come twice, and has more than Loki compares a repeat with.
  await broker.delivered(loki, 3 * large.length)
  assert.equal((await run.stop()).code, 0)
})
