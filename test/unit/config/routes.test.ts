import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encoderSettings } from '../../../src/pipeline/encoder-settings.ts'
import { quarantineTenants } from '../../../src/worker/output/quarantine.ts'
import { load, refusal } from './loading.ts'

const PATHS = { LOKEAN_LOKI_PATHS: 'app=/api/logs/v1/application, audit=/api/logs/v1/audit/loki/api/v1/push' }

suite('paths of Loki', () => {
  test('are named behind an address, which keeps its labels and its tenant', () => {
    const { config, warnings } = load({ ...PATHS, LOKEAN_AMQP_ADDRESSES: 'a;cloud=c;.loki=audit;tenant=t,b;.loki=app,c' })
    assert.deepEqual(config.amqp.addresses, [
      { address: 'a', labels: [{ name: 'cloud', value: 'c' }], tenant: 't', path: 'audit' },
      { address: 'b', labels: [], tenant: undefined, path: 'app' },
      { address: 'c', labels: [], tenant: undefined }
    ])
    assert.deepEqual(config.loki.paths, [{ name: 'app', path: '/api/logs/v1/application' }, { name: 'audit', path: '/api/logs/v1/audit' }])
    assert.deepEqual(config.lokiQuery.paths, config.loki.paths)
    assert.match(warnings.join(), /^LOKEAN_AMQP_ADDRESSES has no tenant for "b"/)
    assert.deepEqual(encoderSettings(config).origins.map(({ address }) => address), ['a', 'b'])
  })

  test('that nothing leads to are told of', () => {
    assert.deepEqual(load({ ...PATHS, LOKEAN_ROUTES: 'source=x;.loki=audit' }).warnings, ['LOKEAN_LOKI_PATHS has app, which no address and no route names'])
  })

  test('must be there, and be paths', () => {
    assert.deepEqual(refusal({ ...PATHS, LOKEAN_AMQP_ADDRESSES: 'a;.loki=aduit' }), [
      'LOKEAN_AMQP_ADDRESSES has .loki=aduit, which is no name in LOKEAN_LOKI_PATHS (app, audit)'
    ])
    assert.match(refusal({ LOKEAN_LISTEN: 'relp://h:1;.loki=x' })[0] ?? '', /^LOKEAN_LISTEN has \.loki=x, .*\(it is not set\)$/)
    for (const word of ['.loki', '.loki=', '.loki=a b', '.tenant=a', '.loki=a;.loki=b']) {
      assert.match(refusal({ LOKEAN_AMQP_ADDRESSES: `a;${word}` })[0] ?? '', /\.loki=/, word)
    }
    for (const text of ['audit', 'a=x', 'a=/x?y', 'a=/x/../y', 'a=/x//y', 'a/b=/x', 'a=/x,a=/y', '=/x', 'a=/x@y']) {
      assert.match(refusal({ LOKEAN_LOKI_PATHS: text })[0] ?? '', /^LOKEAN_LOKI_PATHS is /, text)
    }
  })
})

suite('routes', () => {
  test('that are wrong are refused in one line', () => {
    for (const [text, line] of [
      ['tenant=a', /must have a condition such as source=audit/],
      ['source=a;tenant=../x', /must be a tenant/],
      ['source=a|;tenant=x', /must have a value on each side of \|/],
      ['source=a;source=b;tenant=x', /must have each name once in a route/],
      ['source=a;tenant=x,', /number 2 is empty/],
      ['severity=3;tenant=x', /has the condition "severity": must be one of source, facility, cloud, region, host, service_name$/],
      ['source=a;.loki=x', /has \.loki=x, which is no name/],
      [Array(65).fill('source=a;tenant=x').join(), /at most 64 routes/]
    ] as const) {
      const lines = refusal({ LOKEAN_ROUTES: text })
      assert.equal(lines.length, 1, text)
      assert.match(lines[0] ?? '', line, text)
    }
  })

  test('make several tenants of an address, which check and replay ask too', () => {
    const env = { ...PATHS, LOKEAN_AMQP_ADDRESSES: 'a;tenant=t;.loki=app' }
    const { config } = load({ ...env, LOKEAN_ROUTES: 'source=x;.loki=audit,cloud=c;tenant=u' })
    assert.deepEqual(quarantineTenants(encoderSettings(config), 'a'), ['t@app', 't@audit', 'u@app'])
  })

  test('do not go with one tenant for looking records up', () => {
    const env = { LOKEAN_LOKI_VERIFY: 'on', LOKEAN_LOKI_QUERY_TENANT: 'all', LOKEAN_LOKI_TENANT: 'one' }
    assert.equal(load(env).config.verify, true)
    assert.match(refusal({ ...env, LOKEAN_ROUTES: 'source=a;tenant=b' })[0] ?? '', /records go to several tenants/)
  })
})
