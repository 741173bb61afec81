import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { inspect } from 'node:util'
import { loadConfig } from '../../../src/config/load.ts'
import { OPTION_NAMES, optionOf } from '../../../src/config/options.ts'
import type { OptionName } from '../../../src/config/options.ts'
import { load, refusal, withCurrent } from './loading.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-material.ts'

const NO_LOGIN = {
  username: undefined,
  password: undefined,
  token: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  headers: undefined,
  proxy: undefined
}

test('without any setting every option has the documented default', () => {
  const { config, warnings, given } = load({ PATH: '/bin', HOME: '/' })
  assert.deepEqual(warnings, [])
  assert.equal(given.size, 0)
  assert.deepEqual(withCurrent(config), {
    amqp: {
      urls: [{ host: '127.0.0.1', port: 5672, tls: false }],
      addresses: [{ address: 'rsyslog/logs', labels: [], tenant: undefined }],
      servername: undefined,
      login: { username: undefined, password: undefined, ca: undefined, cert: undefined, key: undefined }
    },
    loki: {
      urls: ['http://127.0.0.1:3100'],
      tenant: { kind: 'none' },
      quarantineTenant: 'lokean',
      labels: [],
      servername: undefined,
      paths: [],
      login: NO_LOGIN,
      storedStatus: 204,
      maxLineBytes: 262144,
      maxAgeMs: 7 * 86400e3,
      maxAheadMs: 600e3,
      maxDisorderMs: 3600e3
    },
    lokiQuery: {
      urls: ['http://127.0.0.1:3100'],
      tenant: undefined,
      servername: undefined,
      paths: [],
      login: NO_LOGIN
    },
    verify: false,
    listeners: {
      streams: [],
      identity: { cert: undefined, key: undefined, ca: undefined },
      peers: undefined,
      proxyProtocol: false,
      maxConnections: 10_000,
      maxHandshakes: 64,
      maxFrameBytes: 262144
    },
    sockets: [],
    addresses: [{ address: 'rsyslog/logs', labels: [], tenant: undefined }],
    workers: 7,
    workerTimeoutMs: 30_000,
    lingerMs: 100,
    shards: 4,
    pushBytes: 1048576,
    pushTimeoutMs: 35e3,
    inflightBytes: 64 * 1048576,
    drainTimeoutMs: 25e3,
    labels: ['cloud', 'region', 'host', 'source'].map((name) => ({ name, field: name })).concat({ name: 'service_name', field: 'source' }),
    metadata: [
      { name: 'detected_level', field: 'level' },
      ...['file', 'pid', 'request_id', 'instance_id'].map((name) => ({ name, field: name }))
    ],
    keys: [],
    hostForm: { short: false, lower: false },
    unescapeNewlines: false,
    routes: [],
    line: 'message',
    drop: [],
    redact: [],
    backlogLabel: 'backlog',
    maxStreams: undefined,
    deadLetter: { dir: undefined, bytes: 100 * 1048576, whenFull: 'block' },
    certificateEnds: {},
    admin: { host: '127.0.0.1', port: 9464, access: { cert: undefined, key: undefined, token: undefined } },
    readyTenants: 'some',
    logLevel: 'info'
  })
})

test('every setting is taken from the environment', () => {
  const { config, warnings, given } = load({
    LOKEAN_AMQP_URL: 'amqps://bus1, amqps://[2001:db8::1]:5673',
    LOKEAN_AMQP_ADDRESSES: 'rsyslog/logs, other/logs',
    LOKEAN_AMQP_USERNAME: 'reader',
    LOKEAN_AMQP_PASSWORD: ' spaces stay ',
    LOKEAN_AMQP_SERVERNAME: 'bus.example',
    LOKEAN_AMQP_CA: '/pem/cert',
    LOKEAN_AMQP_CERT: '/pem/cert',
    LOKEAN_AMQP_KEY: '/pem/key',
    LOKEAN_LISTEN: 'relps://0.0.0.0:2514;cloud=d;tenant=x, syslog+tcp://h:0,unixgram:/run/log',
    LOKEAN_LISTEN_CERT: '/pem/cert',
    LOKEAN_LISTEN_KEY: '/pem/key',
    LOKEAN_LISTEN_CA: '/pem/cert',
    LOKEAN_LISTEN_PEERS: `*.example.com, sha1:${'ab'.repeat(20)},SHA256:${'AB:'.repeat(31)}CD`,
    LOKEAN_LISTEN_PROXY_PROTOCOL: 'on',
    LOKEAN_LISTEN_MAX_CONNECTIONS: '17',
    LOKEAN_LISTEN_MAX_HANDSHAKES: '3',
    LOKEAN_LISTEN_MAX_FRAME_BYTES: '1MiB',
    LOKEAN_SOCKET: 'udp://[::1]:30000;cloud=c',
    LOKEAN_SOCKET_BUFFER: '1MiB',
    LOKEAN_LOKI_URL: 'https://loki.example/prefix/, https://loki2:3101',
    LOKEAN_LOKI_TENANT: '{cloud}',
    LOKEAN_LOKI_QUARANTINE_TENANT: 'waste',
    LOKEAN_LOKI_LABELS: 'cluster = x,log_type=a=b',
    LOKEAN_LOKI_MAX_LABELS: '30',
    LOKEAN_LOKI_USERNAME: 'writer',
    LOKEAN_LOKI_PASSWORD: 'p',
    LOKEAN_LOKI_SERVERNAME: 'loki.cluster.local',
    LOKEAN_LOKI_CA: '/pem/cert',
    LOKEAN_LOKI_CERT: '/pem/cert',
    LOKEAN_LOKI_KEY: '/pem/key',
    LOKEAN_LOKI_PATHS: 'audit=/api/audit/',
    LOKEAN_LOKI_HEADERS: 'x-key=v',
    LOKEAN_LOKI_PROXY: 'http://proxy:3128',
    LOKEAN_LOKI_QUERY_URL: 'https://read.example',
    LOKEAN_LOKI_QUERY_TENANT: 'everyone',
    LOKEAN_LOKI_QUERY_USERNAME: 'viewer',
    LOKEAN_LOKI_QUERY_PASSWORD: 'q',
    LOKEAN_LOKI_QUERY_CA: '/pem/cert',
    LOKEAN_LOKI_QUERY_CERT: '/pem/cert',
    LOKEAN_LOKI_QUERY_KEY: '/pem/key',
    LOKEAN_LOKI_VERIFY: 'off',
    LOKEAN_LOKI_STORED_STATUS: '200',
    LOKEAN_LOKI_MAX_LINE_BYTES: '64KiB',
    LOKEAN_LOKI_MAX_AGE: '30d',
    LOKEAN_LOKI_MAX_AHEAD: '1h',
    LOKEAN_LOKI_MAX_DISORDER: '2h',
    LOKEAN_WORKERS: '3',
    LOKEAN_WORKER_TIMEOUT: '2m',
    LOKEAN_LINGER: '250ms',
    LOKEAN_SHARDS: ' 8 ',
    LOKEAN_PUSH_BYTES: '2 MiB',
    LOKEAN_PUSH_TIMEOUT: '1500ms',
    LOKEAN_INFLIGHT_BYTES: '1GiB',
    LOKEAN_DRAIN_TIMEOUT: '5s',
    LOKEAN_LABELS: 'cloud, node=host',
    LOKEAN_METADATA: 'off',
    LOKEAN_LINE: 'json',
    LOKEAN_ROUTES: 'source=a|b;.loki=audit, facility=authpriv;cloud=c;tenant=t',
    LOKEAN_FIELDS: 'time=ts, message=msg',
    LOKEAN_HOST_FORM: 'short, Lower',
    LOKEAN_UNESCAPE_NEWLINES: 'on',
    LOKEAN_DROP: 'debug;level=debug, probes;source=haproxy;text=GET /x',
    LOKEAN_REDACT: 'token;text=Token;pattern=/Token: (\\S{8,})/',
    LOKEAN_BACKLOG_LABEL: 'off',
    LOKEAN_MAX_STREAMS: '20000',
    LOKEAN_DEAD_LETTER_DIR: '/var/lib/lokean',
    LOKEAN_DEAD_LETTER_BYTES: '1GB',
    LOKEAN_DEAD_LETTER_FULL: 'delete',
    LOKEAN_ADMIN_ADDR: '[::]:0',
    LOKEAN_ADMIN_CERT: '/pem/cert',
    LOKEAN_ADMIN_KEY: '/pem/key',
    LOKEAN_ADMIN_TOKEN: 'sesame',
    LOKEAN_READY_TENANTS: 'all',
    LOKEAN_LOG_LEVEL: 'DEBUG'
  })
  assert.deepEqual(warnings, ['LOKEAN_LOKI_STORED_STATUS is 200: whatever answers a push with it is believed to have stored it, a login page too'])
  assert.deepEqual(OPTION_NAMES.filter((name) => !given.has(name)), ['LOKEAN_LOKI_TOKEN', 'LOKEAN_LOKI_QUERY_TOKEN'])
  assert.deepEqual(config.amqp.urls, [{ host: 'bus1', port: 5671, tls: true }, { host: '2001:db8::1', port: 5673, tls: true }])
  const buses = ['rsyslog/logs', 'other/logs'].map((address) => ({ address, labels: [], tenant: undefined }))
  const socket = { address: 'udp://[::1]:30000', labels: [{ name: 'cloud', value: 'c' }], tenant: 'c' }
  assert.deepEqual(config.amqp.addresses, buses)
  const relp = { address: 'relps://0.0.0.0:2514', labels: [{ name: 'cloud', value: 'd' }], tenant: 'x' }
  const [syslog, unix] = ['syslog+tcp://h:0', 'unixgram:/run/log'].map((address) => ({ address, labels: [], tenant: undefined }))
  const { identity: { current: { key, ...identity } }, ...listeners } = config.listeners
  assert.deepEqual(identity, { cert: CERTIFICATE, ca: CERTIFICATE })
  assert.deepEqual(listeners, {
    streams: [
      { ...relp, place: { kind: 'stream', protocol: 'relp', tls: true, host: '0.0.0.0', port: 2514 } },
      { ...syslog, place: { kind: 'stream', protocol: 'syslog', tls: false, host: 'h', port: 0 } }
    ],
    peers: [
      { kind: 'name', name: '*.example.com' },
      { kind: 'sha1', fingerprint: Array(20).fill('AB').join(':') },
      { kind: 'sha256', fingerprint: `${'AB:'.repeat(31)}CD` }
    ],
    proxyProtocol: true,
    maxConnections: 17,
    maxHandshakes: 3,
    maxFrameBytes: 2 ** 20
  })
  assert.equal(key?.reveal(), PRIVATE_KEY)
  assert.deepEqual(config.sockets, [
    { ...unix, setting: 'LOKEAN_LISTEN', place: { kind: 'unix', path: '/run/log' } },
    { ...socket, setting: 'LOKEAN_SOCKET', place: { kind: 'udp', host: '::1', port: 30000, receiveBuffer: 2 ** 20 } }
  ])
  assert.deepEqual(config.addresses, [...buses, relp, syslog, unix, socket])
  assert.equal(config.amqp.login.current.username, 'reader')
  assert.equal(config.amqp.login.current.password?.reveal(), ' spaces stay ')
  assert.equal(config.amqp.login.current.ca, CERTIFICATE)
  assert.equal(config.amqp.login.current.cert, CERTIFICATE)
  assert.equal(config.amqp.login.current.key?.reveal(), PRIVATE_KEY)
  assert.deepEqual(config.loki.urls, ['https://loki.example/prefix', 'https://loki2:3101'])
  assert.deepEqual(config.loki.tenant, { kind: 'field', field: 'cloud' })
  assert.equal(config.loki.quarantineTenant, 'waste')
  assert.deepEqual(config.loki.labels, [{ name: 'cluster', value: 'x' }, { name: 'log_type', value: 'a=b' }])
  assert.equal(config.maxStreams, 20_000)
  assert.deepEqual(config.routes, [
    { when: [{ name: 'source', values: ['a', 'b'] }], tenant: undefined, path: 'audit' },
    { when: [{ name: 'facility', values: ['authpriv'] }, { name: 'cloud', values: ['c'] }], tenant: 't', path: undefined }
  ])
  assert.equal(config.line, 'json')
  assert.equal(config.loki.login.current.username, 'writer')
  assert.equal(config.loki.login.current.password?.reveal(), 'p')
  assert.equal(config.loki.login.current.ca, CERTIFICATE)
  assert.equal(config.loki.login.current.cert, CERTIFICATE)
  assert.equal(config.loki.login.current.key?.reveal(), PRIVATE_KEY)
  assert.deepEqual(config.loki.login.current.headers?.map(({ name, value }) => [name, value.reveal()]), [['x-key', 'v']])
  assert.deepEqual(config.loki.login.current.proxy, { url: 'http://proxy:3128', credentials: undefined })
  const { login: { current: reading }, ...lokiQuery } = config.lokiQuery
  const paths = [{ name: 'audit', path: '/api/audit' }]
  assert.deepEqual(lokiQuery, { urls: ['https://read.example'], tenant: 'everyone', paths, servername: undefined })
  assert.deepEqual([config.amqp.servername, config.loki.servername], ['bus.example', 'loki.cluster.local'])
  assert.deepEqual({ ...reading, password: reading.password?.reveal(), key: reading.key?.reveal() }, {
    username: 'viewer',
    password: 'q',
    token: undefined,
    ca: CERTIFICATE,
    cert: CERTIFICATE,
    key: PRIVATE_KEY,
    headers: config.loki.login.current.headers,
    proxy: config.loki.login.current.proxy
  })
  assert.equal(config.verify, false)
  assert.equal(config.loki.storedStatus, 200)
  assert.equal(config.loki.maxLineBytes, 65536)
  assert.equal(config.loki.maxAgeMs, 30 * 86400e3)
  assert.equal(config.loki.maxAheadMs, 3600e3)
  assert.equal(config.loki.maxDisorderMs, 7200e3)
  assert.deepEqual(config.hostForm, { short: true, lower: true })
  assert.deepEqual(config.keys, [{ name: '@timestamp', field: 'ts' }, { name: 'message', field: 'msg' }])
  assert.equal(config.unescapeNewlines, true)
  assert.deepEqual(config.drop, [{ name: 'debug', level: 'debug' }, { name: 'probes', source: 'haproxy', text: 'GET /x' }])
  assert.deepEqual(config.redact, [{ name: 'token', text: 'Token', pattern: 'Token: (\\S{8,})' }])
  assert.equal(config.backlogLabel, undefined)
  assert.equal(config.workers, 3)
  assert.equal(config.workerTimeoutMs, 120_000)
  assert.equal(config.lingerMs, 250)
  assert.equal(config.shards, 8)
  assert.equal(config.pushBytes, 2 * 1048576)
  assert.equal(config.pushTimeoutMs, 1500)
  assert.equal(config.inflightBytes, 2 ** 30)
  assert.equal(config.drainTimeoutMs, 5000)
  assert.deepEqual(config.labels, [{ name: 'cloud', field: 'cloud' }, { name: 'node', field: 'host' }])
  assert.deepEqual(config.metadata, [])
  assert.deepEqual(config.deadLetter, { dir: '/var/lib/lokean', bytes: 1e9, whenFull: 'delete' })
  const { host, port, access: { current: access } } = config.admin
  assert.deepEqual([host, port, access.cert, access.key?.reveal(), access.token?.reveal()], ['::', 0, CERTIFICATE, PRIVATE_KEY, 'sesame'])
  assert.equal(config.readyTenants, 'all')
  assert.equal(config.logLevel, 'debug')
})

test('workers default to the cores less one, and never to none', () => {
  for (const [cores, workers] of [[1, 1], [2, 1], [3, 2], [64, 63], [1000, 256]] as const) {
    assert.equal(loadConfig({}, { cores }).config.workers, workers)
  }
})

test('an empty value counts as unset', () => {
  const empty = Object.fromEntries(OPTION_NAMES.map((name) => [name, '']))
  const { config, given } = load({ ...empty, LOKEAN_AMQP_PASSWORD_FILE: '', LOKEAN_SHARDS: '  ' })
  assert.deepEqual(withCurrent(config), withCurrent(load({}).config))
  assert.equal(given.size, 0)
})

test('the configuration is frozen all through', () => {
  const { config } = load({ LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD: 'p' })
  for (const part of [
    config, config.amqp, config.amqp.urls, config.amqp.urls[0], config.amqp.login, config.amqp.login.current,
    config.amqp.login.current.password, config.labels, config.labels[0], config.loki.tenant
  ]) {
    assert.ok(Object.isFrozen(part), inspect(part))
  }
})

test('secrets do not show when the configuration is printed', () => {
  const { config } = load({
    LOKEAN_AMQP_URL: 'amqps://u:hunter2@bus',
    LOKEAN_LOKI_TOKEN: 'hunter3',
    LOKEAN_AMQP_CERT: '/pem/cert',
    LOKEAN_AMQP_KEY: '/pem/key'
  })
  const [amqp, loki] = [config.amqp.login.current, config.loki.login.current]
  const all = { showHidden: true, depth: 9, getters: true }
  for (const text of [JSON.stringify([amqp, loki]), inspect([amqp, loki], all), `${amqp.password} ${loki.token}`]) {
    assert.doesNotMatch(text, /hunter|PRIVATE KEY/)
    assert.match(text, /\[secret\]/)
  }
  for (const text of [JSON.stringify(config), inspect(config, all)]) assert.doesNotMatch(text, /hunter|PRIVATE KEY/)
})

/** One wrong value for every option, and the line that must report it. */
const WRONG: Record<OptionName, readonly [value: string, line: RegExp]> = {
  LOKEAN_AMQP_URL: ['http://bus', /^LOKEAN_AMQP_URL is "http:\/\/bus": must be a URL such as amqp:/],
  LOKEAN_AMQP_ADDRESSES: ['a,,b', /^LOKEAN_AMQP_ADDRESSES is "a,,b": .*number 2 is empty/],
  LOKEAN_AMQP_USERNAME: ['a\nb', /^LOKEAN_AMQP_USERNAME is "a\\nb": must not contain control/],
  LOKEAN_AMQP_PASSWORD: ['hunter\0', /^LOKEAN_AMQP_PASSWORD is \(hidden\): must not contain control/],
  LOKEAN_AMQP_SERVERNAME: ['10.0.0.1', /^LOKEAN_AMQP_SERVERNAME is "10\.0\.0\.1": must be a host name, .* and no address$/],
  LOKEAN_AMQP_CA: ['/pem/key', /^LOKEAN_AMQP_CA is "\/pem\/key": must hold a PEM certificate$/],
  LOKEAN_AMQP_CERT: [
    '/pem/broken-cert', /^LOKEAN_AMQP_CERT is "\/pem\/broken-cert": holds a certificate that cannot be read \(number 1\)$/
  ],
  LOKEAN_AMQP_KEY: ['/pem/encrypted-key', /^LOKEAN_AMQP_KEY is "\/pem\/encrypted-key": must hold a PEM private key without a passphrase$/],
  LOKEAN_LISTEN: ['relp://h:1,tcp://h:2', /^LOKEAN_LISTEN is "relp:\/\/h:1,tcp:\/\/h:2": must have relp:\/\/, .* or unixgram:\/path \("tcp:\/\/h:2"\)$/],
  LOKEAN_LISTEN_CERT: ['/pem/key', /^LOKEAN_LISTEN_CERT is "\/pem\/key": must hold a PEM certificate$/],
  LOKEAN_LISTEN_KEY: ['/pem/cert', /^LOKEAN_LISTEN_KEY is "\/pem\/cert": must hold a PEM private key without a passphrase$/],
  LOKEAN_LISTEN_CA: ['/pem/key', /^LOKEAN_LISTEN_CA is "\/pem\/key": must hold a PEM certificate$/],
  LOKEAN_LISTEN_PEERS: ['SHA1:AB:CD', /^LOKEAN_LISTEN_PEERS is "SHA1:AB:CD": must have 20 bytes in hexadecimal digits behind SHA1: \("SHA1:AB:CD"\)$/],
  LOKEAN_LISTEN_PROXY_PROTOCOL: ['v2', /^LOKEAN_LISTEN_PROXY_PROTOCOL is "v2": must be one of off, on$/],
  LOKEAN_LISTEN_MAX_CONNECTIONS: ['0', /^LOKEAN_LISTEN_MAX_CONNECTIONS is "0": must be a whole number from 1 to 1000000$/],
  LOKEAN_LISTEN_MAX_HANDSHAKES: ['0', /^LOKEAN_LISTEN_MAX_HANDSHAKES is "0": must be a whole number from 1 to 10000$/],
  LOKEAN_LISTEN_MAX_FRAME_BYTES: ['1GiB', /^LOKEAN_LISTEN_MAX_FRAME_BYTES is "1GiB": must be a size from 8 KiB to 16 MiB/],
  LOKEAN_SOCKET: ['unixgram:run/x', /^LOKEAN_SOCKET is "unixgram:run\/x": must be udp:\/\/host:port.* or unixgram:\/path/],
  LOKEAN_SOCKET_BUFFER: ['1KiB', /^LOKEAN_SOCKET_BUFFER is "1KiB": must be a size from 64 KiB/],
  LOKEAN_LOKI_URL: ['loki:3100', /^LOKEAN_LOKI_URL is "loki:3100": must be a URL such as http:/],
  LOKEAN_LOKI_TENANT: ['{cloud', /^LOKEAN_LOKI_TENANT is "\{cloud": must be a tenant/],
  LOKEAN_LOKI_QUARANTINE_TENANT: ['a|b', /^LOKEAN_LOKI_QUARANTINE_TENANT is "a\|b": must be a tenant/],
  LOKEAN_FIELDS: ['ts=time', /^LOKEAN_FIELDS is "ts=time": must be a list of field=key with the fields time, message, .* \("ts=time"\)$/],
  LOKEAN_HOST_FORM: ['asis,lower', /^LOKEAN_HOST_FORM is "asis,lower": must be asis, short, lower, or short,lower$/],
  LOKEAN_UNESCAPE_NEWLINES: ['yes', /^LOKEAN_UNESCAPE_NEWLINES is "yes": must be one of off, on$/],
  LOKEAN_LOKI_LABELS: ['a=', /^LOKEAN_LOKI_LABELS is "a=": must have a value behind = \("a="\)$/],
  LOKEAN_LOKI_MAX_LABELS: ['101', /^LOKEAN_LOKI_MAX_LABELS is "101": must be a whole number from 2 to 100$/],
  LOKEAN_LOKI_USERNAME: ['a:b', /^LOKEAN_LOKI_USERNAME is "a:b": must not contain a colon/],
  LOKEAN_LOKI_PASSWORD: ['hunter\r\n', /^LOKEAN_LOKI_PASSWORD is \(hidden\): must not contain control/],
  LOKEAN_LOKI_TOKEN: ['hunter 2', /^LOKEAN_LOKI_TOKEN is \(hidden\): must be printable ASCII/],
  LOKEAN_LOKI_SERVERNAME: ['a/b', /^LOKEAN_LOKI_SERVERNAME is "a\/b": must be a host name/],
  LOKEAN_LOKI_CA: ['/none', /^LOKEAN_LOKI_CA is "\/none": cannot be read \(ENOENT: no such file or directory\)$/],
  LOKEAN_LOKI_CERT: ['/none', /^LOKEAN_LOKI_CERT is "\/none": cannot be read/],
  LOKEAN_LOKI_KEY: ['/none', /^LOKEAN_LOKI_KEY is "\/none": cannot be read/],
  LOKEAN_LOKI_PATHS: ['audit=api', /^LOKEAN_LOKI_PATHS is "audit=api": must have a path behind =, such as audit=\/api\/logs\/v1\/audit \("audit=api"\)$/],
  LOKEAN_LINE: ['xml', /^LOKEAN_LINE is "xml": must be one of message, json$/],
  LOKEAN_ROUTES: ['source=a', /^LOKEAN_ROUTES is "source=a": must have ;tenant=name or ;.loki=name in each route \("source=a"\)$/],
  LOKEAN_LOKI_HEADERS: ['x-key=hunter2,hunter3', /^LOKEAN_LOKI_HEADERS is \(hidden\): must have name=value .* \(number 2 has no name of a header\)$/],
  LOKEAN_LOKI_PROXY: ['socks://hunter2@proxy', /^LOKEAN_LOKI_PROXY is \(hidden\): must be a URL such as http:\/\/proxy\.example:3128, or be off$/],
  LOKEAN_LOKI_QUERY_URL: ['loki:3100', /^LOKEAN_LOKI_QUERY_URL is "loki:3100": must be a URL such as http:/],
  LOKEAN_LOKI_QUERY_TENANT: ['a|b', /^LOKEAN_LOKI_QUERY_TENANT is "a\|b": must be a tenant/],
  LOKEAN_LOKI_QUERY_USERNAME: ['a:b', /^LOKEAN_LOKI_QUERY_USERNAME is "a:b": must not contain a colon/],
  LOKEAN_LOKI_QUERY_PASSWORD: ['hunter\r\n', /^LOKEAN_LOKI_QUERY_PASSWORD is \(hidden\): must not contain control/],
  LOKEAN_LOKI_QUERY_TOKEN: ['hunter 2', /^LOKEAN_LOKI_QUERY_TOKEN is \(hidden\): must be printable ASCII/],
  LOKEAN_LOKI_QUERY_CA: ['/none', /^LOKEAN_LOKI_QUERY_CA is "\/none": cannot be read/],
  LOKEAN_LOKI_QUERY_CERT: ['/none', /^LOKEAN_LOKI_QUERY_CERT is "\/none": cannot be read/],
  LOKEAN_LOKI_QUERY_KEY: ['/none', /^LOKEAN_LOKI_QUERY_KEY is "\/none": cannot be read/],
  LOKEAN_LOKI_VERIFY: ['yes', /^LOKEAN_LOKI_VERIFY is "yes": must be one of off, on$/],
  LOKEAN_LOKI_STORED_STATUS: ['260', /^LOKEAN_LOKI_STORED_STATUS is "260": must be a whole number from 200 to 208/],
  LOKEAN_LOKI_MAX_LINE_BYTES: ['1023', /^LOKEAN_LOKI_MAX_LINE_BYTES is "1023": must be a size from 1 KiB to 4 MiB/],
  LOKEAN_LOKI_MAX_AGE: ['7', /^LOKEAN_LOKI_MAX_AGE is "7": must be a duration from 1m to 3650d/],
  LOKEAN_LOKI_MAX_DISORDER: ['soon', /^LOKEAN_LOKI_MAX_DISORDER is "soon": must be a duration/],
  LOKEAN_LOKI_MAX_AHEAD: ['-1s', /^LOKEAN_LOKI_MAX_AHEAD is "-1s": must be a duration from 0ms to 365d/],
  LOKEAN_WORKERS: ['0', /^LOKEAN_WORKERS is "0": must be a whole number from 1 to 256$/],
  LOKEAN_WORKER_TIMEOUT: ['1ms', /^LOKEAN_WORKER_TIMEOUT is "1ms": must be /],
  LOKEAN_LINGER: ['11s', /^LOKEAN_LINGER is "11s": must be a duration from 0ms to 10s/],
  LOKEAN_SHARDS: ['257', /^LOKEAN_SHARDS is "257": must be a whole number from 1 to 256$/],
  LOKEAN_PUSH_BYTES: ['63KiB', /^LOKEAN_PUSH_BYTES is "63KiB": must be a size from 64 KiB to 16 MiB/],
  LOKEAN_PUSH_TIMEOUT: ['11m', /^LOKEAN_PUSH_TIMEOUT is "11m": must be a duration from 100ms to 10m/],
  LOKEAN_INFLIGHT_BYTES: ['lots', /^LOKEAN_INFLIGHT_BYTES is "lots": must be a size from 1 MiB to 64 GiB/],
  LOKEAN_DRAIN_TIMEOUT: ['61m', /^LOKEAN_DRAIN_TIMEOUT is "61m": must be a duration from 0ms to 1h/],
  LOKEAN_LABELS: ['cloud,1st', /^LOKEAN_LABELS is "cloud,1st": must have label names that match .* \("1st"\)$/],
  LOKEAN_METADATA: ['a-b', /^LOKEAN_METADATA is "a-b": must have metadata names that match/],
  LOKEAN_DROP: ['debug;level=trace', /^LOKEAN_DROP is "debug;level=trace": must have a level of critical, .* behind level= \("trace"\)$/],
  LOKEAN_REDACT: ['t;text=Token;pattern=/(?=a)/', /^LOKEAN_REDACT is ".*": must have patterns of RE2: .*`\(\?=` \("t"\)$/],
  LOKEAN_BACKLOG_LABEL: ['a-b', /^LOKEAN_BACKLOG_LABEL is "a-b": must have label names that match .* \("a-b"\)$/],
  LOKEAN_MAX_STREAMS: ['0', /^LOKEAN_MAX_STREAMS is "0": must be a whole number from 1 to 1000000$/],
  LOKEAN_DEAD_LETTER_DIR: ['a\0b', /^LOKEAN_DEAD_LETTER_DIR is "a\\u0000b": must be a directory or off$/],
  LOKEAN_DEAD_LETTER_BYTES: ['1kB', /^LOKEAN_DEAD_LETTER_BYTES is "1kB": must be a size from 1 MiB to 1 TiB/],
  LOKEAN_DEAD_LETTER_FULL: ['ring', /^LOKEAN_DEAD_LETTER_FULL is "ring": must be one of block, delete$/],
  LOKEAN_ADMIN_ADDR: [':9464', /^LOKEAN_ADMIN_ADDR is ":9464": must be host:port/],
  LOKEAN_ADMIN_CERT: ['/pem/key', /^LOKEAN_ADMIN_CERT is "\/pem\/key": must hold a PEM certificate$/],
  LOKEAN_ADMIN_KEY: ['/pem/cert', /^LOKEAN_ADMIN_KEY is "\/pem\/cert": must hold a PEM private key without a passphrase$/],
  LOKEAN_ADMIN_TOKEN: ['hunter 2', /^LOKEAN_ADMIN_TOKEN is \(hidden\): must be printable ASCII without spaces$/],
  LOKEAN_READY_TENANTS: ['none', /^LOKEAN_READY_TENANTS is "none": must be one of some, all$/],
  LOKEAN_LOG_LEVEL: ['verbose', /^LOKEAN_LOG_LEVEL is "verbose": must be one of fatal, error, warn, info, debug, trace, silent$/]
}

suite('each option refuses a wrong value in one line', () => {
  for (const name of OPTION_NAMES) {
    test(name, () => {
      const [value, line] = WRONG[name]
      const lines = refusal({ [name]: value })
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', line)
      if (optionOf(name).secret) assert.doesNotMatch(lines[0] ?? '', /hunter/)
    })
  }

  test('all at once are all reported, in the order of the table', () => {
    const lines = refusal(Object.fromEntries(OPTION_NAMES.map((name) => [name, WRONG[name][0]])))
    assert.deepEqual(lines.map((line) => line.split(' ')[0]), OPTION_NAMES)
  })
})

test('a value in an error is short, on one line and without the password of a URL', () => {
  const [long] = refusal({ LOKEAN_LOG_LEVEL: 'x'.repeat(5000) })
  assert.ok((long ?? '').length < 400)
  const urls = [
    'amqp://u:hunter2@bus/path', 'amqp://u:hun/ter2@bus', 'amqp://u:hun@ter2@bus:x', 'u:hunter2@bus',
    'amqp://bus,amqp://u:hunter2@bus:99999', 'amqp://u:hun ter2@b us', 'amqp://u:hunter%zz@bus', 'amqp://u:hunter2@bus?x=1'
  ]
  for (const url of urls) {
    const lines = refusal({ LOKEAN_AMQP_URL: url })
    assert.equal(lines.length, 1)
    assert.doesNotMatch(lines[0] ?? '', /hun|ter2/, url)
    assert.match(lines[0] ?? '', /^LOKEAN_AMQP_URL is "\(hidden\)@b/)
  }
})
