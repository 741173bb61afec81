import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { load, refusal } from './loading.ts'

suite('credentials in URLs', () => {
  test('are taken out, percent-decoded, and used', () => {
    const { config } = load({ LOKEAN_AMQP_URL: 'amqp://us%40er:p%3Ass@bus1,amqp://bus2,amqp://us%40er:p%3Ass@bus3', LOKEAN_LOKI_URL: 'http://w:x@loki/p' })
    assert.equal(config.amqp.login.current.username, 'us@er')
    assert.equal(config.amqp.login.current.password?.reveal(), 'p:ss')
    assert.deepEqual(config.amqp.urls.map((url) => url.host), ['bus1', 'bus2', 'bus3'])
    assert.deepEqual([config.loki.login.current.username, config.loki.login.current.password?.reveal(), config.loki.urls], ['w', 'x', ['http://loki/p']])
  })

  test('give way to explicit settings, and another user\'s password is not mixed in', () => {
    const url = 'http://u:url@loki'
    const pairs = [
      [{ LOKEAN_LOKI_USERNAME: 'u', LOKEAN_LOKI_PASSWORD: 'own' }, 'u', 'own'],
      [{ LOKEAN_LOKI_USERNAME: 'v', LOKEAN_LOKI_PASSWORD: 'own' }, 'v', 'own'],
      [{ LOKEAN_LOKI_PASSWORD: 'own' }, 'u', 'own'],
      [{ LOKEAN_LOKI_USERNAME: 'u' }, 'u', 'url']
    ] as const
    for (const [env, username, password] of pairs) {
      const { current } = load({ LOKEAN_LOKI_URL: url, ...env }).config.loki.login
      assert.deepEqual([current.username, current.password?.reveal()], [username, password])
    }
    assert.match(refusal({ LOKEAN_LOKI_URL: url, LOKEAN_LOKI_USERNAME: 'v' })[0] ?? '', /^LOKEAN_LOKI_USERNAME is set without/)
  })

  test('must be the same in every URL', () => {
    assert.match(refusal({ LOKEAN_LOKI_URL: 'http://u:hunter2@a,http://u:hunter3@b' })[0] ?? '', /different user names or passwords/)
  })
})

suite('settings that contradict each other', () => {
  const cases: Array<[string, Record<string, string>, RegExp]> = [
    ['AMQP user without password', { LOKEAN_AMQP_USERNAME: 'u' }, /^LOKEAN_AMQP_USERNAME is set without LOKEAN_AMQP_PASSWORD/],
    ['AMQP password without user', { LOKEAN_AMQP_PASSWORD: 'p' }, /^LOKEAN_AMQP_PASSWORD is set without LOKEAN_AMQP_USERNAME/],
    ['Loki user without password', { LOKEAN_LOKI_USERNAME: 'u' }, /^LOKEAN_LOKI_USERNAME is set without/],
    ['Loki password without user', { LOKEAN_LOKI_PASSWORD: 'p' }, /^LOKEAN_LOKI_PASSWORD is set without/],
    [
      'token and user', { LOKEAN_LOKI_TOKEN: 't', LOKEAN_LOKI_USERNAME: 'u', LOKEAN_LOKI_PASSWORD: 'p' },
      /^LOKEAN_LOKI_TOKEN is set together with LOKEAN_LOKI_USERNAME/
    ],
    [
      'token and user in the URL', { LOKEAN_LOKI_TOKEN: 't', LOKEAN_LOKI_URL: 'http://u:p@loki' },
      /^LOKEAN_LOKI_TOKEN is set together with a user name in LOKEAN_LOKI_URL/
    ],
    ['AMQP certificate without key', { LOKEAN_AMQP_CERT: '/pem/cert' }, /^LOKEAN_AMQP_CERT is set without LOKEAN_AMQP_KEY/],
    ['a certificate of the admin port without key', { LOKEAN_ADMIN_CERT: '/pem/cert' }, /^LOKEAN_ADMIN_CERT is set without LOKEAN_ADMIN_KEY/],
    ['Loki key without certificate', { LOKEAN_LOKI_KEY: '/pem/key' }, /^LOKEAN_LOKI_KEY is set without LOKEAN_LOKI_CERT/],
    [
      'a key of another certificate', { LOKEAN_AMQP_CERT: '/pem/cert', LOKEAN_AMQP_KEY: '/pem/other-key' },
      /^LOKEAN_AMQP_KEY is not the private key/
    ],
    [
      'budget under 1 MiB an address', { LOKEAN_INFLIGHT_BYTES: '2MiB', LOKEAN_AMQP_ADDRESSES: 'a,b,c' },
      /^LOKEAN_INFLIGHT_BYTES is 2 MiB: must be at least 3 MiB, 1 MiB for each of 3 addresses/
    ],
    [
      'budget under two pushes', { LOKEAN_INFLIGHT_BYTES: '31MiB', LOKEAN_PUSH_BYTES: '16MiB' },
      /^LOKEAN_INFLIGHT_BYTES is 31 MiB: must be at least 32 MiB, twice LOKEAN_PUSH_BYTES/
    ],
    [
      'more labels than Loki takes',
      { LOKEAN_LABELS: Array.from({ length: 14 }, (_, i) => `l${i}`).join(), LOKEAN_AMQP_ADDRESSES: 'a,b;l3=x;m=y;n=z' },
      /^LOKEAN_LOKI_MAX_LABELS is 15: a stream of "b" would have 16 labels \(LOKEAN_LABELS, LOKEAN_LOKI_LABELS and LOKEAN_AMQP_ADDRESSES together\)$/
    ],
    [
      'more labels of all streams than Loki takes',
      { LOKEAN_LABELS: 'a,b,c', LOKEAN_LOKI_LABELS: 'a=1,d=2,e=3', LOKEAN_SOCKET: 'udp://127.0.0.1:1;f=4', LOKEAN_LOKI_MAX_LABELS: '5' },
      /^LOKEAN_LOKI_MAX_LABELS is 5: a stream of "udp:.*" would have 6 labels \(LOKEAN_LABELS, LOKEAN_LOKI_LABELS and LOKEAN_SOCKET together\)$/
    ],
    [
      'more labels of the quarantine streams than Loki takes',
      { LOKEAN_LABELS: 'a', LOKEAN_LOKI_LABELS: 'd=2,e=3', LOKEAN_AMQP_ADDRESSES: 'x;f=4', LOKEAN_LOKI_MAX_LABELS: '4' },
      /^LOKEAN_LOKI_MAX_LABELS is 4: a quarantine stream of "x" would have 5 labels \(source, quarantine, LOKEAN_LOKI_LABELS and LOKEAN_AMQP_ADDRESSES together\)$/
    ],
    [
      'no room for the label of backlog streams',
      { LOKEAN_LABELS: 'a,b', LOKEAN_AMQP_ADDRESSES: 'x,y;c=4', LOKEAN_LOKI_MAX_LABELS: '3' },
      /^LOKEAN_LOKI_MAX_LABELS is 3: a backlog stream of "y" would have 4 labels.* raise it .* or set LOKEAN_BACKLOG_LABEL=off$/
    ],
    [
      'a backlog label that streams have', { LOKEAN_BACKLOG_LABEL: 'rack', LOKEAN_AMQP_ADDRESSES: 'x,y;rack=4' },
      /^LOKEAN_BACKLOG_LABEL is "rack": must be a label that no stream has \(LOKEAN_LABELS, .*, LOKEAN_AMQP_ADDRESSES, quarantine\), or off$/
    ],
    ['a backlog label that means quarantine', { LOKEAN_BACKLOG_LABEL: 'quarantine' }, /^LOKEAN_BACKLOG_LABEL is "quarantine": must be/],
    [
      'a label that would be the tenant, and is none', { LOKEAN_LOKI_TENANT: '{cloud}', LOKEAN_AMQP_ADDRESSES: 'a;cloud=c 1' },
      /^LOKEAN_AMQP_ADDRESSES gives "a" the value "c 1" for what LOKEAN_LOKI_TENANT makes its tenant: must be a tenant of at most 150/
    ],
    ['nothing to read from', { LOKEAN_AMQP_ADDRESSES: 'off' }, /^LOKEAN_AMQP_ADDRESSES is off, and LOKEAN_SOCKET is not set/],
    [
      'budget under 1 MiB for each address and the socket',
      { LOKEAN_INFLIGHT_BYTES: '2MiB', LOKEAN_AMQP_ADDRESSES: 'a,b', LOKEAN_SOCKET: 'udp://127.0.0.1:1' },
      /^LOKEAN_INFLIGHT_BYTES is 2 MiB: must be at least 3 MiB/
    ],
    [
      'a label of the socket that would be the tenant', { LOKEAN_LOKI_TENANT: '{cloud}', LOKEAN_SOCKET: 'udp://127.0.0.1:1;cloud=a b' },
      /^LOKEAN_SOCKET gives "udp:\/\/127.0.0.1:1" the value "a b"/
    ],
    [
      'an address in two settings', { LOKEAN_SOCKET: 'udp://127.0.0.1:1', LOKEAN_LISTEN: 'udp://127.0.0.1:1' },
      /^LOKEAN_LISTEN and LOKEAN_SOCKET both name "udp:\/\/127.0.0.1:1": name it once$/
    ],
    ['a listener twice', { LOKEAN_LISTEN: 'relp://h:1,relp://h:1;cloud=a' }, /^LOKEAN_LISTEN .*"relp:\/\/h:1" is there twice/],
    ['a listener with TLS and no certificate', { LOKEAN_LISTEN: 'relp://h:1,relps://h:2' }, /^LOKEAN_LISTEN has "relps:\/\/h:2", which needs a certificate: set LOKEAN_LISTEN_CERT and LOKEAN_LISTEN_KEY$/],
    ['a certificate of a listener without key', { LOKEAN_LISTEN: 'relps://h:2', LOKEAN_LISTEN_CERT: '/pem/cert' }, /^LOKEAN_LISTEN_CERT is set without LOKEAN_LISTEN_KEY/],
    [
      'a name that any certificate may bear',
      { LOKEAN_LISTEN: 'relps://h:2', LOKEAN_LISTEN_CERT: '/pem/cert', LOKEAN_LISTEN_KEY: '/pem/key', LOKEAN_LISTEN_PEERS: `SHA1:${'00'.repeat(20)},a.example` },
      /^LOKEAN_LISTEN_PEERS has the name "a.example", and without LOKEAN_LISTEN_CA any certificate may bear it/
    ],
    [
      'records of a listener that its budget cannot hold',
      { LOKEAN_LISTEN: 'relp://h:1,syslog+tcp://h:2', LOKEAN_INFLIGHT_BYTES: '8MiB', LOKEAN_LISTEN_MAX_FRAME_BYTES: '1MiB' },
      /^LOKEAN_LISTEN_MAX_FRAME_BYTES is 1 MiB: a record of that length needs 1120 KiB, and of LOKEAN_INFLIGHT_BYTES "relp:\/\/h:1" has 768 KiB as its own/
    ],
    ['an address twice', { LOKEAN_AMQP_ADDRESSES: 'a,b, a' }, /^LOKEAN_AMQP_ADDRESSES .*"a" is there twice/]
  ]
  for (const [name, env, line] of cases) {
    test(name, () => {
      const lines = refusal(env)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', line)
    })
  }

  test('the limits themselves are allowed', () => {
    load({ LOKEAN_INFLIGHT_BYTES: '3MiB', LOKEAN_AMQP_ADDRESSES: 'a,b,c' })
    load({ LOKEAN_INFLIGHT_BYTES: '32MiB', LOKEAN_PUSH_BYTES: '16MiB' })
    load({ LOKEAN_LABELS: Array.from({ length: 30 }, (_, i) => `l${i}`).join(), LOKEAN_LOKI_LABELS: 'l0=x', LOKEAN_LOKI_MAX_LABELS: '31' })
    const three = { LOKEAN_LOKI_LABELS: 'a=1,source=2', LOKEAN_LABELS: 'a,b', LOKEAN_AMQP_ADDRESSES: 'x;a=3' }
    load({ ...three, LOKEAN_LOKI_MAX_LABELS: '3', LOKEAN_BACKLOG_LABEL: 'off' })
    load({ ...three, LOKEAN_LOKI_MAX_LABELS: '4' })
  })

  test('nothing is said of what follows from a wrong value', () => {
    const lines = refusal({ LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD_FILE: '/none' })
    assert.deepEqual(lines.map((line) => line.split(' ')[0]), ['LOKEAN_AMQP_PASSWORD_FILE'])
  })
})

suite('what addresses say of their records', () => {
  test('is kept apart from their names', () => {
    const { config, warnings } = load({ LOKEAN_AMQP_ADDRESSES: 'x/a;cloud=cloudA;tenant=a,x/b;tenant=b,x/c', LOKEAN_LOKI_TENANT: 'rest' })
    assert.deepEqual(config.addresses, [
      { address: 'x/a', labels: [{ name: 'cloud', value: 'cloudA' }], tenant: 'a' },
      { address: 'x/b', labels: [], tenant: 'b' },
      { address: 'x/c', labels: [], tenant: undefined }
    ])
    assert.deepEqual(warnings, [])
  })

  test('holds for the tenant where that comes from the same field, unless they name one', () => {
    const { config } = load({ LOKEAN_AMQP_ADDRESSES: 'a;cloud=x,b;cloud=y;tenant=t,c;region=z', LOKEAN_LOKI_TENANT: '{cloud}' })
    assert.deepEqual(config.addresses.map(({ tenant }) => tenant), ['x', 't', undefined])
    assert.deepEqual(load({ LOKEAN_AMQP_ADDRESSES: 'a;cloud=x' }).config.addresses[0].tenant, undefined)
  })

  test('is doubted where some have a tenant and others go without', () => {
    const { warnings } = load({ LOKEAN_AMQP_ADDRESSES: 'a;tenant=t,b' })
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /^LOKEAN_AMQP_ADDRESSES has no tenant for "b", as other sources have/)
    assert.deepEqual(load({ LOKEAN_AMQP_ADDRESSES: 'a;tenant=t,b;tenant=u' }).warnings, [])
  })
})

suite('listeners', () => {
  test('stand alone where no setting is about the bus', () => {
    const listen = { LOKEAN_LISTEN: 'relp://127.0.0.1:0' }
    const addresses = (env: Record<string, string>) => load(env).config.addresses.map(({ address }) => address)
    assert.deepEqual(addresses(listen), ['relp://127.0.0.1:0'])
    assert.deepEqual(addresses({ ...listen, LOKEAN_SOCKET: 'udp://127.0.0.1:1' }), ['relp://127.0.0.1:0', 'udp://127.0.0.1:1'])
    assert.deepEqual(addresses({ ...listen, LOKEAN_AMQP_URL: 'amqp://bus' }), ['rsyslog/logs', 'relp://127.0.0.1:0'])
    assert.deepEqual(addresses({ ...listen, LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD_FILE: '/secret/password' }), ['rsyslog/logs', 'relp://127.0.0.1:0'])
    assert.deepEqual(addresses({ LOKEAN_SOCKET: 'udp://127.0.0.1:1' }), ['rsyslog/logs', 'udp://127.0.0.1:1'])
    assert.deepEqual(addresses({ ...listen, LOKEAN_AMQP_URL: ' ' }), ['relp://127.0.0.1:0'])
  })

  test('have settings that are warned of where none has them', () => {
    const { warnings } = load({ LOKEAN_LISTEN: 'udp://127.0.0.1:1', LOKEAN_LISTEN_CA: '/pem/cert', LOKEAN_LISTEN_PROXY_PROTOCOL: 'on' })
    assert.match(warnings[0] ?? '', /^LOKEAN_LISTEN_CA has no effect: .*relps/)
    assert.match(warnings[1] ?? '', /^LOKEAN_LISTEN_PROXY_PROTOCOL has no effect/)
    assert.equal(warnings.length, 2)
    const tls = { LOKEAN_LISTEN_CERT: '/pem/cert', LOKEAN_LISTEN_KEY: '/pem/key' }
    assert.deepEqual(load({ ...tls, LOKEAN_LISTEN: 'relps://h:1', LOKEAN_LISTEN_CA: '/pem/cert', LOKEAN_LISTEN_PROXY_PROTOCOL: 'on' }).warnings, [])
  })
})

test('settings without effect are warned of', () => {
  const { warnings } = load({
    LOKEAN_AMQP_CA: '/pem/cert',
    LOKEAN_LOKI_CERT: '/pem/cert',
    LOKEAN_LOKI_KEY: '/pem/key',
    LOKEAN_METADATA: 'level,host,zone',
    LOKEAN_LOKI_LABELS: 'zone=z'
  })
  assert.equal(warnings.length, 4)
  assert.match(warnings[0] ?? '', /^LOKEAN_AMQP_CA has no effect: .*amqps/)
  assert.match(warnings[1] ?? '', /^LOKEAN_LOKI_CERT has no effect: .*https/)
  assert.match(warnings[2] ?? '', /^LOKEAN_METADATA has "host", which is a label already/)
  assert.match(warnings[3] ?? '', /^LOKEAN_METADATA has "zone", which is a label already/)
})
