import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { suite, test } from 'node:test'
import { load, refusal } from './loading.ts'

function given (text: string): string[] {
  const { headers = [] } = load({ LOKEAN_LOKI_HEADERS: text }).config.loki.login.current
  return headers.map(({ name, value }) => `${name}: ${value.reveal()}`)
}

suite('headers for Loki', () => {
  test('are separated by commas, or stand one a line and may have commas then', () => {
    assert.deepEqual(given('X-Key=a=b==, x-other = some words'), ['x-key: a=b==', 'x-other: some words'])
    assert.deepEqual(given('x-key=a,b=c\nx-other=d\r\n'), ['x-key: a,b=c', 'x-other: d'])
  })

  test('are sent for reading as well', () => {
    const { lokiQuery } = load({ LOKEAN_LOKI_HEADERS: 'x-key=v' }).config
    assert.deepEqual(lokiQuery.login.current.headers?.map(({ name }) => name), ['x-key'])
  })

  test('cannot be what Lokean sets itself, by any spelling', () => {
    const own = [
      'Content-Type', 'content-length', 'content-encoding', 'user-agent', 'X-Scope-OrgID', 'host', 'connection', 'transfer-encoding',
      'accept-encoding', 'X-Loki-Response-Encoding-Flags'
    ]
    for (const name of own) {
      const [line] = refusal({ LOKEAN_LOKI_HEADERS: `x-key=v,${name}=hunter` })
      assert.match(line ?? '', new RegExp(`must not have the header ${name.toLowerCase()}: `))
    }
    assert.match(refusal({ LOKEAN_LOKI_HEADERS: 'x-scope-orgid=a|b' })[0] ?? '', /LOKEAN_LOKI_TENANT/)
  })

  test('are refused by number, as their text may be a secret', () => {
    const texts = [
      'x-key=v,hunter2', 'hun ter2=v', 'x-key=', '=hunter2', 'x-key=hunter2,X-KEY=hunter3', 'x-key=hünter2', 'x-key=hun\0ter2', 'a=b,,c=d'
    ]
    for (const text of texts) {
      const [line] = refusal({ LOKEAN_LOKI_HEADERS: text })
      assert.match(line ?? '', /^LOKEAN_LOKI_HEADERS is \(hidden\): must have (name=value .* \(number \d|each header once)/, text)
      assert.doesNotMatch(line ?? '', /h[uü]n/, text)
    }
  })

  test('log in by themselves, or leave that to the other settings', () => {
    const header = { LOKEAN_LOKI_HEADERS: 'Authorization=ApiKey hunter2' }
    assert.deepEqual(load(header).warnings, [])
    const problem = /^LOKEAN_LOKI_HEADERS has authorization, which a token or a user/
    assert.match(refusal({ ...header, LOKEAN_LOKI_TOKEN: 't' })[0] ?? '', problem)
    assert.match(refusal({ ...header, LOKEAN_LOKI_URL: 'http://u:p@loki' })[0] ?? '', problem)
  })
})

suite('the proxy for Loki', () => {
  test('has its login in its URL, which nothing shows', () => {
    const { config } = load({ LOKEAN_LOKI_PROXY: 'http://us%40er:hunter%3A2@proxy.example:3128' })
    for (const { login: { current: { proxy } } } of [config.loki, config.lokiQuery]) {
      assert.deepEqual([proxy?.url, proxy?.credentials?.username, proxy?.credentials?.password?.reveal()], ['http://proxy.example:3128', 'us@er', 'hunter:2'])
    }
    assert.doesNotMatch(inspect(config, { depth: 9 }) + JSON.stringify(config), /hunter/)
  })

  test('is none unless it is set', () => {
    assert.equal(load({}).config.loki.login.current.proxy, undefined)
    assert.equal(load({ LOKEAN_LOKI_PROXY: 'off' }).config.loki.login.current.proxy, undefined)
  })

  test('must be a plain URL', () => {
    for (const url of ['proxy:3128', 'http://proxy/path', 'http://:hunter2@proxy', 'http://proxy?a=b']) {
      assert.match(refusal({ LOKEAN_LOKI_PROXY: url })[0] ?? '', /^LOKEAN_LOKI_PROXY is \(hidden\): (must|has) /, url)
    }
  })

  test('of the environment is told of, and not used', () => {
    const remote = { LOKEAN_LOKI_URL: 'https://loki.example' }
    const told = (env: Record<string, string>): string[] => load(env).warnings
    assert.deepEqual(told({ ...remote, HTTPS_PROXY: 'http://u:hunter2@proxy:3128' }), [
      'HTTPS_PROXY is set, and not used for Loki: LOKEAN_LOKI_PROXY names a proxy, or is off'
    ])
    assert.equal(load({ ...remote, HTTPS_PROXY: 'http://proxy:3128' }).config.loki.login.current.proxy, undefined)
    assert.match(told({ LOKEAN_LOKI_URL: 'http://loki.example', http_proxy: 'http://proxy' }).join(), /^http_proxy is set/)
    assert.match(told({ ...remote, ALL_PROXY: 'socks://proxy' }).join(), /^ALL_PROXY is set/)
    assert.deepEqual(told({ ...remote, HTTP_PROXY: 'http://proxy' }), [], 'the other scheme')
    assert.deepEqual(told({ ...remote, HTTPS_PROXY: '' }), [])
    assert.deepEqual(told({ ...remote, HTTPS_PROXY: 'http://proxy', LOKEAN_LOKI_PROXY: 'off' }), [])
    assert.deepEqual(told({ HTTP_PROXY: 'http://proxy', HTTPS_PROXY: 'http://proxy' }), [], 'Loki on this machine')
  })
})
