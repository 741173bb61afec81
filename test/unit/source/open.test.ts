import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { Budget } from '../../../src/source/budget/budget.ts'
import { openSources, sourceNames } from '../../../src/source/open.ts'
import { Cleanup } from '../../helpers/cleanup.ts'
import { collectedLog } from '../../helpers/collected-log.ts'

const SOCKET = 'udp://127.0.0.1:0'

for (const [env, facts] of [
  [{}, { bus: ['amqp://127.0.0.1:5672'], addresses: ['rsyslog/logs'] }],
  [{ LOKEAN_SOCKET: SOCKET, LOKEAN_AMQP_URL: 'amqps://a,amqp://b:1' }, { bus: ['amqps://a:5671', 'amqp://b:1'], addresses: ['rsyslog/logs'], socket: SOCKET }],
  [{ LOKEAN_SOCKET: SOCKET, LOKEAN_AMQP_ADDRESSES: 'off' }, { socket: SOCKET }],
  [{ LOKEAN_SOCKET: SOCKET, LOKEAN_LISTEN: 'udp://localhost:0' }, { socket: SOCKET, listen: ['udp://localhost:0'] }]
] as const) {
  test(`the sources of ${JSON.stringify(env)} have their names before they are open, and say where they read from`, async t => {
    const { config } = loadConfig(env)
    const names = sourceNames(config)
    const sources = await openSources(config, address => new Budget(address, 2 ** 20), collectedLog().log)
    Cleanup.of(t).add(async () => { for (const source of sources) await source.close() })
    assert.deepEqual(sources.map(({ name }) => name), names)
    assert.deepEqual(Object.assign({}, ...sources.map(({ startFacts }) => startFacts)), facts)
  })
}
