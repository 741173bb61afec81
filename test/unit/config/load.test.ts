import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { inspect } from 'node:util'
import { loadConfig, withEnvFile } from '../../../src/config/load.ts'
import { OPTION_NAMES, optionOf } from '../../../src/config/options.ts'
import type { OptionName } from '../../../src/config/options.ts'
import { ConfigError } from '../../../src/errors.ts'
import { CERTIFICATE, ENCRYPTED_KEY, OTHER_KEY, PRIVATE_KEY } from './tls-material.ts'

const FILES: Record<string, string> = {
  '/pem/cert': CERTIFICATE,
  '/pem/key': PRIVATE_KEY,
  '/pem/other-key': OTHER_KEY,
  '/pem/encrypted-key': ENCRYPTED_KEY,
  '/pem/broken-cert': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  '/secret/password': 'from file\n',
  '/secret/token': 'tok3n\r\n',
  '/secret/empty': '\n'
}

function readFile (path: string): string {
  const content = FILES[path]
  if (content === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
  return content
}

function load (env: Record<string, string | undefined>) {
  return loadConfig(env, { cores: 8, readFile })
}

/** Returns the lines of the ConfigError for `env`. */
function refusal (env: Record<string, string | undefined>): string[] {
  try {
    load(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
  return assert.fail(`accepted: ${JSON.stringify(env)}`)
}

test('without any setting every option has the documented default', () => {
  const { config, warnings, given } = load({ PATH: '/bin', HOME: '/' })
  assert.deepEqual(warnings, [])
  assert.equal(given.size, 0)
  assert.deepEqual(config, {
    amqp: {
      urls: [{ host: '127.0.0.1', port: 5672, tls: false }],
      addresses: [{ address: 'rsyslog/logs', labels: [], tenant: undefined }],
      username: undefined,
      password: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined
    },
    loki: {
      urls: ['http://127.0.0.1:3100'],
      tenant: { kind: 'none' },
      quarantineTenant: 'lokean',
      labels: [],
      username: undefined,
      password: undefined,
      token: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined,
      storedStatus: 204,
      maxLineBytes: 262144,
      maxAgeMs: 7 * 86400e3,
      maxAheadMs: 600e3,
      maxDisorderMs: 3600e3
    },
    lokiQuery: {
      urls: ['http://127.0.0.1:3100'],
      tenant: undefined,
      username: undefined,
      password: undefined,
      token: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined
    },
    verify: false,
    socket: undefined,
    addresses: [{ address: 'rsyslog/logs', labels: [], tenant: undefined }],
    workers: 7,
    workerTimeoutMs: 30_000,
    shards: 4,
    pushBytes: 1048576,
    pushTimeoutMs: 35e3,
    inflightBytes: 64 * 1048576,
    drainTimeoutMs: 25e3,
    labels: ['cloud', 'region', 'host', 'source'].map((name) => ({ name, field: name })).concat({ name: 'service_name', field: 'source' }),
    metadata: ['level', 'file', 'pid', 'request_id', 'instance_id'].map((name) => ({ name, field: name })),
    backlogLabel: 'backlog',
    maxStreams: undefined,
    deadLetter: { dir: undefined, bytes: 100 * 1048576, whenFull: 'block' },
    admin: { host: '127.0.0.1', port: 9464 },
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
    LOKEAN_AMQP_CA: '/pem/cert',
    LOKEAN_AMQP_CERT: '/pem/cert',
    LOKEAN_AMQP_KEY: '/pem/key',
    LOKEAN_SOCKET: 'udp://[::1]:30000;cloud=c',
    LOKEAN_SOCKET_BUFFER: '1MiB',
    LOKEAN_LOKI_URL: 'https://loki.example/prefix/, https://loki2:3101',
    LOKEAN_LOKI_TENANT: '{cloud}',
    LOKEAN_LOKI_QUARANTINE_TENANT: 'waste',
    LOKEAN_LOKI_LABELS: 'cluster = x,log_type=a=b',
    LOKEAN_LOKI_MAX_LABELS: '30',
    LOKEAN_LOKI_USERNAME: 'writer',
    LOKEAN_LOKI_PASSWORD: 'p',
    LOKEAN_LOKI_CA: '/pem/cert',
    LOKEAN_LOKI_CERT: '/pem/cert',
    LOKEAN_LOKI_KEY: '/pem/key',
    LOKEAN_LOKI_QUERY_URL: 'https://read.example',
    LOKEAN_LOKI_QUERY_TENANT: 'everyone',
    LOKEAN_LOKI_QUERY_USERNAME: 'viewer',
    LOKEAN_LOKI_QUERY_PASSWORD: 'q',
    LOKEAN_LOKI_QUERY_CA: '/pem/cert',
    LOKEAN_LOKI_QUERY_CERT: '/pem/cert',
    LOKEAN_LOKI_QUERY_KEY: '/pem/key',
    LOKEAN_LOKI_VERIFY: 'on',
    LOKEAN_LOKI_STORED_STATUS: '200',
    LOKEAN_LOKI_MAX_LINE_BYTES: '64KiB',
    LOKEAN_LOKI_MAX_AGE: '30d',
    LOKEAN_LOKI_MAX_AHEAD: '1h',
    LOKEAN_LOKI_MAX_DISORDER: '2h',
    LOKEAN_WORKERS: '3',
    LOKEAN_WORKER_TIMEOUT: '2m',
    LOKEAN_SHARDS: ' 8 ',
    LOKEAN_PUSH_BYTES: '2 MiB',
    LOKEAN_PUSH_TIMEOUT: '1500ms',
    LOKEAN_INFLIGHT_BYTES: '1GiB',
    LOKEAN_DRAIN_TIMEOUT: '5s',
    LOKEAN_LABELS: 'cloud, node=host',
    LOKEAN_METADATA: 'off',
    LOKEAN_BACKLOG_LABEL: 'off',
    LOKEAN_MAX_STREAMS: '20000',
    LOKEAN_DEAD_LETTER_DIR: '/var/lib/lokean',
    LOKEAN_DEAD_LETTER_BYTES: '1GB',
    LOKEAN_DEAD_LETTER_FULL: 'delete',
    LOKEAN_ADMIN_ADDR: '[::]:0',
    LOKEAN_READY_TENANTS: 'all',
    LOKEAN_LOG_LEVEL: 'DEBUG'
  })
  assert.deepEqual(warnings, ['LOKEAN_LOKI_STORED_STATUS is 200: whatever answers a push with it is believed to have stored it, a login page too'])
  assert.deepEqual(OPTION_NAMES.filter((name) => !given.has(name)), ['LOKEAN_LOKI_TOKEN', 'LOKEAN_LOKI_QUERY_TOKEN'])
  assert.deepEqual(config.amqp.urls, [{ host: 'bus1', port: 5671, tls: true }, { host: '2001:db8::1', port: 5673, tls: true }])
  const buses = ['rsyslog/logs', 'other/logs'].map((address) => ({ address, labels: [], tenant: undefined }))
  const socket = { address: 'udp://[::1]:30000', labels: [{ name: 'cloud', value: 'c' }], tenant: 'c' }
  assert.deepEqual(config.amqp.addresses, buses)
  assert.deepEqual(config.socket, { ...socket, place: { kind: 'udp', host: '::1', port: 30000, receiveBuffer: 2 ** 20 } })
  assert.deepEqual(config.addresses, [...buses, socket])
  assert.equal(config.amqp.username, 'reader')
  assert.equal(config.amqp.password?.reveal(), ' spaces stay ')
  assert.equal(config.amqp.ca, CERTIFICATE)
  assert.equal(config.amqp.cert, CERTIFICATE)
  assert.equal(config.amqp.key?.reveal(), PRIVATE_KEY)
  assert.deepEqual(config.loki.urls, ['https://loki.example/prefix', 'https://loki2:3101'])
  assert.deepEqual(config.loki.tenant, { kind: 'field', field: 'cloud' })
  assert.equal(config.loki.quarantineTenant, 'waste')
  assert.deepEqual(config.loki.labels, [{ name: 'cluster', value: 'x' }, { name: 'log_type', value: 'a=b' }])
  assert.equal(config.maxStreams, 20_000)
  assert.equal(config.loki.username, 'writer')
  assert.equal(config.loki.password?.reveal(), 'p')
  assert.equal(config.loki.ca, CERTIFICATE)
  assert.equal(config.loki.cert, CERTIFICATE)
  assert.equal(config.loki.key?.reveal(), PRIVATE_KEY)
  assert.deepEqual({ ...config.lokiQuery, password: config.lokiQuery.password?.reveal(), key: config.lokiQuery.key?.reveal() }, {
    urls: ['https://read.example'],
    tenant: 'everyone',
    username: 'viewer',
    password: 'q',
    token: undefined,
    ca: CERTIFICATE,
    cert: CERTIFICATE,
    key: PRIVATE_KEY
  })
  assert.equal(config.verify, true)
  assert.equal(config.loki.storedStatus, 200)
  assert.equal(config.loki.maxLineBytes, 65536)
  assert.equal(config.loki.maxAgeMs, 30 * 86400e3)
  assert.equal(config.loki.maxAheadMs, 3600e3)
  assert.equal(config.loki.maxDisorderMs, 7200e3)
  assert.equal(config.backlogLabel, undefined)
  assert.equal(config.workers, 3)
  assert.equal(config.workerTimeoutMs, 120_000)
  assert.equal(config.shards, 8)
  assert.equal(config.pushBytes, 2 * 1048576)
  assert.equal(config.pushTimeoutMs, 1500)
  assert.equal(config.inflightBytes, 2 ** 30)
  assert.equal(config.drainTimeoutMs, 5000)
  assert.deepEqual(config.labels, [{ name: 'cloud', field: 'cloud' }, { name: 'node', field: 'host' }])
  assert.deepEqual(config.metadata, [])
  assert.deepEqual(config.deadLetter, { dir: '/var/lib/lokean', bytes: 1e9, whenFull: 'delete' })
  assert.deepEqual(config.admin, { host: '::', port: 0 })
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
  assert.deepEqual(config, load({}).config)
  assert.equal(given.size, 0)
})

test('the configuration is frozen all through', () => {
  const { config } = load({ LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD: 'p' })
  for (const part of [
    config, config.amqp, config.amqp.urls, config.amqp.urls[0], config.amqp.password, config.labels, config.labels[0], config.loki.tenant
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
  for (const text of [
    JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${config.amqp.password} ${config.loki.token}`
  ]) {
    assert.doesNotMatch(text, /hunter|PRIVATE KEY/)
    assert.match(text, /\[secret\]/)
  }
})

/** One wrong value for every option, and the line that must report it. */
const WRONG: Record<OptionName, readonly [value: string, line: RegExp]> = {
  LOKEAN_AMQP_URL: ['http://bus', /^LOKEAN_AMQP_URL is "http:\/\/bus": must be a URL such as amqp:/],
  LOKEAN_AMQP_ADDRESSES: ['a,,b', /^LOKEAN_AMQP_ADDRESSES is "a,,b": .*number 2 is empty/],
  LOKEAN_AMQP_USERNAME: ['a\nb', /^LOKEAN_AMQP_USERNAME is "a\\nb": must not contain control/],
  LOKEAN_AMQP_PASSWORD: ['hunter\0', /^LOKEAN_AMQP_PASSWORD is \(hidden\): must not contain control/],
  LOKEAN_AMQP_CA: ['/pem/key', /^LOKEAN_AMQP_CA is "\/pem\/key": must hold a PEM certificate$/],
  LOKEAN_AMQP_CERT: [
    '/pem/broken-cert', /^LOKEAN_AMQP_CERT is "\/pem\/broken-cert": holds a certificate that cannot be read \(number 1\)$/
  ],
  LOKEAN_AMQP_KEY: ['/pem/encrypted-key', /^LOKEAN_AMQP_KEY is "\/pem\/encrypted-key": must hold a PEM private key without a passphrase$/],
  LOKEAN_SOCKET: ['unixgram:run/x', /^LOKEAN_SOCKET is "unixgram:run\/x": must be udp:\/\/host:port.* or unixgram:\/path/],
  LOKEAN_SOCKET_BUFFER: ['1KiB', /^LOKEAN_SOCKET_BUFFER is "1KiB": must be a size from 64 KiB/],
  LOKEAN_LOKI_URL: ['loki:3100', /^LOKEAN_LOKI_URL is "loki:3100": must be a URL such as http:/],
  LOKEAN_LOKI_TENANT: ['{cloud', /^LOKEAN_LOKI_TENANT is "\{cloud": must be a tenant/],
  LOKEAN_LOKI_QUARANTINE_TENANT: ['a|b', /^LOKEAN_LOKI_QUARANTINE_TENANT is "a\|b": must be a tenant/],
  LOKEAN_LOKI_LABELS: ['a=', /^LOKEAN_LOKI_LABELS is "a=": must have a value behind = \("a="\)$/],
  LOKEAN_LOKI_MAX_LABELS: ['101', /^LOKEAN_LOKI_MAX_LABELS is "101": must be a whole number from 2 to 100$/],
  LOKEAN_LOKI_USERNAME: ['a:b', /^LOKEAN_LOKI_USERNAME is "a:b": must not contain a colon/],
  LOKEAN_LOKI_PASSWORD: ['hunter\r\n', /^LOKEAN_LOKI_PASSWORD is \(hidden\): must not contain control/],
  LOKEAN_LOKI_TOKEN: ['hunter 2', /^LOKEAN_LOKI_TOKEN is \(hidden\): must be printable ASCII/],
  LOKEAN_LOKI_CA: ['/none', /^LOKEAN_LOKI_CA is "\/none": cannot be read \(ENOENT: no such file or directory\)$/],
  LOKEAN_LOKI_CERT: ['/none', /^LOKEAN_LOKI_CERT is "\/none": cannot be read/],
  LOKEAN_LOKI_KEY: ['/none', /^LOKEAN_LOKI_KEY is "\/none": cannot be read/],
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
  LOKEAN_SHARDS: ['257', /^LOKEAN_SHARDS is "257": must be a whole number from 1 to 256$/],
  LOKEAN_PUSH_BYTES: ['63KiB', /^LOKEAN_PUSH_BYTES is "63KiB": must be a size from 64 KiB to 16 MiB/],
  LOKEAN_PUSH_TIMEOUT: ['11m', /^LOKEAN_PUSH_TIMEOUT is "11m": must be a duration from 100ms to 10m/],
  LOKEAN_INFLIGHT_BYTES: ['lots', /^LOKEAN_INFLIGHT_BYTES is "lots": must be a size from 1 MiB to 64 GiB/],
  LOKEAN_DRAIN_TIMEOUT: ['61m', /^LOKEAN_DRAIN_TIMEOUT is "61m": must be a duration from 0ms to 1h/],
  LOKEAN_LABELS: ['cloud,1st', /^LOKEAN_LABELS is "cloud,1st": must have label names that match .* \("1st"\)$/],
  LOKEAN_METADATA: ['a-b', /^LOKEAN_METADATA is "a-b": must have metadata names that match/],
  LOKEAN_BACKLOG_LABEL: ['a-b', /^LOKEAN_BACKLOG_LABEL is "a-b": must have label names that match .* \("a-b"\)$/],
  LOKEAN_MAX_STREAMS: ['0', /^LOKEAN_MAX_STREAMS is "0": must be a whole number from 1 to 1000000$/],
  LOKEAN_DEAD_LETTER_DIR: ['a\0b', /^LOKEAN_DEAD_LETTER_DIR is "a\\u0000b": must be a directory or off$/],
  LOKEAN_DEAD_LETTER_BYTES: ['1kB', /^LOKEAN_DEAD_LETTER_BYTES is "1kB": must be a size from 1 MiB to 1 TiB/],
  LOKEAN_DEAD_LETTER_FULL: ['ring', /^LOKEAN_DEAD_LETTER_FULL is "ring": must be one of block, delete$/],
  LOKEAN_ADMIN_ADDR: [':9464', /^LOKEAN_ADMIN_ADDR is ":9464": must be host:port/],
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

suite('secrets from files', () => {
  test('the file\'s content without its last line end is the value', () => {
    const { config, given } = load({
      LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD_FILE: '/secret/password', LOKEAN_LOKI_TOKEN_FILE: '/secret/token'
    })
    assert.equal(config.amqp.password?.reveal(), 'from file')
    assert.equal(config.loki.token?.reveal(), 'tok3n')
    assert.ok(given.has('LOKEAN_AMQP_PASSWORD') && given.has('LOKEAN_LOKI_TOKEN'))
  })

  test('every secret option takes one, and no other does', () => {
    for (const name of OPTION_NAMES) {
      const env = { [`${name}_FILE`]: '/none' }
      if (optionOf(name).secret) assert.deepEqual(refusal(env), [`${name}_FILE is "/none": cannot be read (ENOENT: no such file or directory)`])
      else assert.match(load(env).warnings.join(), new RegExp(`^${name}_FILE is not a setting`))
    }
  })

  test('a key file holds the key itself', () => {
    const { config } = load({ LOKEAN_LOKI_URL: 'https://loki', LOKEAN_LOKI_CERT: '/pem/cert', LOKEAN_LOKI_KEY_FILE: '/pem/key' })
    assert.equal(config.loki.key?.reveal(), PRIVATE_KEY.trimEnd())
  })

  test('an empty file, and a value beside the file, are refused', () => {
    assert.deepEqual(refusal({ LOKEAN_LOKI_TOKEN_FILE: '/secret/empty' }), ['LOKEAN_LOKI_TOKEN_FILE is "/secret/empty": must not be an empty file'])
    assert.deepEqual(refusal({ LOKEAN_LOKI_TOKEN: 'hunter2', LOKEAN_LOKI_TOKEN_FILE: '/secret/token' }),
      ['LOKEAN_LOKI_TOKEN and LOKEAN_LOKI_TOKEN_FILE are both set: set one of them'])
  })

  test('what a file holds is not shown when it is wrong', (t) => {
    const { path } = file(t, 'hunter2\nhunter3\n')
    assert.throws(
      () => loadConfig({ LOKEAN_LOKI_TOKEN_FILE: path }),
      (error: Error) => !error.message.includes('hunter') && error.message.includes(path)
    )
  })

  test('files are read from disk, and a directory in their place is named', (t) => {
    const { path, directory } = file(t, 'hunter2\n')
    assert.equal(loadConfig({ LOKEAN_LOKI_TOKEN_FILE: path }).config.loki.token?.reveal(), 'hunter2')
    assert.throws(
      () => loadConfig({ LOKEAN_LOKI_TOKEN_FILE: directory }),
      (error: Error) => /_FILE is ".*": cannot be read \(EISDIR/.test(error.message)
    )
    assert.throws(
      () => loadConfig({ LOKEAN_AMQP_CA: join(directory, 'none') }),
      /LOKEAN_AMQP_CA is ".*none": cannot be read \(ENOENT: no such file or directory\)$/
    )
  })
})

test('PEM text is taken in place of a path, and hidden when wrong', () => {
  const env = { LOKEAN_LOKI_URL: 'https://loki', LOKEAN_LOKI_CERT: CERTIFICATE, LOKEAN_LOKI_KEY: PRIVATE_KEY }
  assert.equal(load(env).config.loki.key?.reveal(), PRIVATE_KEY.trim())
  assert.deepEqual(refusal({ ...env, LOKEAN_LOKI_KEY: ENCRYPTED_KEY }), ['LOKEAN_LOKI_KEY is (hidden): must hold a PEM private key without a passphrase'])
})

suite('credentials in URLs', () => {
  test('are taken out, percent-decoded, and used', () => {
    const { config } = load({ LOKEAN_AMQP_URL: 'amqp://us%40er:p%3Ass@bus1,amqp://bus2,amqp://us%40er:p%3Ass@bus3', LOKEAN_LOKI_URL: 'http://w:x@loki/p' })
    assert.equal(config.amqp.username, 'us@er')
    assert.equal(config.amqp.password?.reveal(), 'p:ss')
    assert.deepEqual(config.amqp.urls.map((url) => url.host), ['bus1', 'bus2', 'bus3'])
    assert.deepEqual([config.loki.username, config.loki.password?.reveal(), config.loki.urls], ['w', 'x', ['http://loki/p']])
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
      const { loki } = load({ LOKEAN_LOKI_URL: url, ...env }).config
      assert.deepEqual([loki.username, loki.password?.reveal()], [username, password])
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

suite('--env-file', () => {
  test('fills in what the environment lacks; the environment wins, with an empty value too', () => {
    const env = withEnvFile({ LOKEAN_SHARDS: '2', LOKEAN_WORKERS: '' }, 'f', () => 'LOKEAN_SHARDS=9\nLOKEAN_WORKERS=9\n# no\nLOKEAN_LOKI_TENANT="a"\n')
    const { config } = load(env)
    assert.deepEqual([config.shards, config.workers, config.loki.tenant], [2, 7, { kind: 'fixed', tenant: 'a' }])
  })

  test('is read from disk, and named when it cannot be', (t) => {
    const { path } = file(t, 'LOKEAN_SHARDS=9\n')
    assert.equal(load(withEnvFile({}, path)).config.shards, 9)
    assert.throws(() => withEnvFile({}, '/no/such\nfile'), (error: unknown) => {
      return error instanceof ConfigError && error.message === '--env-file "/no/such\\nfile" cannot be read (ENOENT: no such file or directory)'
    })
  })
})

function file (t: TestContext, content: string): { path: string, directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'lokean-config-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'file')
  writeFileSync(path, content)
  return { path, directory }
}
