import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { extname } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Secret } from '../../src/secret.ts'
import { LokeanError } from '../../src/errors.ts'
import { clean, cleanText, createLogger, describeError } from '../../src/log.ts'
import type { LogOptions, Logger } from '../../src/log.ts'
import { scaled } from '../helpers/scaled.ts'

// The processes started here load the module in the form of this test: compiled or source.
const extension = extname(import.meta.url)

type Line = Record<string, unknown> & { err?: Record<string, unknown> }

/** Collects the output of a logger. */
function collect (level: LogOptions['level'] = 'trace'): { log: Logger, text: () => string, last: () => Line } {
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: (line) => { lines.push(line) } } })
  return { log, text: () => lines.join(''), last: () => JSON.parse(lines.at(-1) ?? 'null') as Line }
}

test('a line is JSON with a level by name, an ISO time, and nothing of the host', () => {
  const { log, last } = collect()
  log.info({ shards: 4, list: [1, null, true], nothing: undefined }, 'started')
  const { time, ...rest } = last()
  assert.deepEqual(rest, { level: 'info', shards: 4, list: [1, null, true], msg: 'started' })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('the level decides what is written', () => {
  const { log, text } = collect('warn')
  log.info('no')
  log.error('yes')
  assert.equal(text().split('\n').length, 2)
  assert.match(text(), /"msg":"yes"/)
})

suite('secrets', () => {
  const secret = 'hunter2'
  const error = Object.assign(new Error(`connect amqp://u:${secret}@bus failed`, { cause: new Error(`caused at https://x:${secret}@y`) }), {
    code: 'ECONNREFUSED', url: `amqp://u:${secret}@bus`, options: { password: secret }
  })
  const cases: Record<string, (log: Logger) => void> = {
    'a password by its key': (log) => log.info({ password: secret }, 'm'),
    'any spelling of the key': (log) => log.info({
      LOKEAN_LOKI_TOKEN: secret,
      clientSecret: secret,
      'Api-Key': secret,
      passphrase: secret,
      proxyAuthorization: secret,
      key: secret,
      'set-cookie': [secret]
    }, 'm'),
    'nested in objects and lists': (log) => log.info({ a: [{ b: { c: { token: secret } } }] }, 'm'),
    'a whole object under a secret key': (log) => log.info({ credentials: { user: secret, deep: [secret] } }, 'm'),
    'raw header lists': (log) => log.info({ headers: ['Host', 'x', 'Authorization', secret] }, 'm'),
    'maps and sets': (log) => log.info({ map: new Map([['password', secret]]), set: new Set([`http://u:${secret}@x`]) }, 'm'),
    'a Secret': (log) => log.info({ value: new Secret(secret), list: [new Secret(secret)] }, 'm'),
    'a URL object': (log) => log.info({ url: new URL(`http://u:${secret}@x/`) }, 'm'),
    'a URL in a field': (log) => log.info({ url: `http://u:${secret}@x/`, [`http://u:${secret}@x/`]: 1 }, 'm'),
    'a URL in the message': (log) => log.info(`connected to amqp://u:${secret}@bus`),
    'a URL in a format argument': (log) => log.info('connected to %s, %o', `amqp://u:${secret}@bus`, { password: secret }),
    'an authorization header in text': (log) => log.info(`request had Authorization: Basic ${secret}`),
    'a bearer token in text': (log) => log.info(`sent bearer ${secret}`),
    'an error alone': (log) => log.error(error),
    'an error alone with a message': (log) => log.error(error, 'm'),
    'an error under err': (log) => log.error({ err: error }),
    'an error under another key': (log) => log.error({ failure: error }, 'm'),
    'an error as a format argument': (log) => log.error('failed: %s %o', error, error),
    'an aggregate': (log) => log.error(new AggregateError([error, error], `all of http://u:${secret}@x`)),
    'a binding of a child': (log) => log.child({ url: `amqp://u:${secret}@bus`, auth: secret }).info('m'),
    'a binding of a grandchild with options': (log) => log.child({ a: 1 }).child({ password: secret }, { level: 'info' }).info('m'),
    'a binding set later': (log) => {
      const child = log.child({})
      child.setBindings({ token: secret })
      child.info('m')
    },
    'a private key in text': (log) => log.info(`-----BEGIN EC PRIVATE KEY-----\n${secret}\n-----END EC PRIVATE KEY-----`)
  }
  for (const [name, write] of Object.entries(cases)) {
    test(name, () => {
      const { log, text } = collect()
      write(log)
      assert.doesNotMatch(text(), /hunter2/)
      assert.match(text(), /\[secret\]/)
      for (const line of text().trimEnd().split('\n')) JSON.parse(line)
    })
  }

  test('basic credentials without a digit in them are found, plain words are not', () => {
    assert.equal(cleanText('Basic dXNlcjpwYXNz'), 'Basic [secret]')
    assert.equal(cleanText('basic authentication failed, bearer tokens are off'), 'basic authentication failed, bearer tokens are off')
  })

  test('what only looks like a secret stays', () => {
    const { log, last } = collect()
    log.info({ tokenFile: '/run/token', keys: 3, passed: 2, keyboard: 'x', token: undefined, password: null }, 'm')
    const { level, time, msg, ...rest } = last()
    assert.deepEqual(rest, { tokenFile: '/run/token', keys: 3, passed: 2, keyboard: 'x', password: null })
  })
})

suite('errors', () => {
  test('keep type, message, code, own fields, stack and cause', () => {
    const { log, last } = collect()
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', port: 5672 })
    log.warn({ err: new LokeanError('LOKEAN_BUS', 'no bus', { cause, retryable: true }), attempt: 3 }, 'reconnecting')
    const { err, msg, attempt } = last()
    assert.deepEqual([msg, attempt], ['reconnecting', 3])
    assert.deepEqual([err?.type, err?.message, err?.code, err?.retryable], ['LokeanError', 'no bus', 'LOKEAN_BUS', true])
    assert.match(String(err?.stack), /^LokeanError: no bus\n {4}at /)
    const inner = err?.cause as Line
    assert.deepEqual([inner.type, inner.message, inner.code, inner.port], ['Error', 'refused', 'ECONNREFUSED', 5672])
  })

  test('lend the line their message when it has none', () => {
    const { log, last } = collect()
    log.error(new Error('why'))
    assert.deepEqual([last().msg, last().err?.message], ['why', 'why'])
    log.error({ err: new Error('why') })
    assert.equal(last().msg, 'why')
  })

  test('of an aggregate are all kept', () => {
    const { log, last } = collect()
    log.error(new AggregateError([new Error('a'), new Error('b')], 'both'))
    assert.deepEqual((last().err?.errors as Line[]).map((one) => one.message), ['a', 'b'])
  })

  test('are described in one line for people', () => {
    assert.equal(describeError(new Error('at amqp://u:p@bus')), 'at amqp://[secret]@bus')
    assert.equal(describeError({ url: 'amqp://u:p@bus' }), "{ url: 'amqp://[secret]@bus' }")
    assert.equal(describeError(undefined), 'undefined')
  })
})

suite('whatever is logged is bounded', () => {
  test('long texts, long lists, deep objects and circles', () => {
    const { log, text, last } = collect()
    const circle: Record<string, unknown> = { name: 'x' }
    circle.self = circle
    const failure: Error & { cause?: unknown } = new Error('round')
    failure.cause = failure
    log.info({
      long: 'x'.repeat(1e6),
      list: new Array(1e5).fill(1),
      wide: Object.fromEntries(Array.from({ length: 1e4 }, (_, index) => [`k${index}`, 1])),
      circle,
      failure,
      buffer: Buffer.alloc(1e6),
      big: 10n ** 20n,
      at: new Date(NaN),
      call: () => 1
    }, 'y'.repeat(1e6))
    assert.ok(text().length < 80_000, String(text().length))
    const line = last()
    assert.equal((line.list as unknown[]).length, 100)
    assert.equal(Object.keys(line.wide as object).length, 100)
    assert.equal(line.buffer, '[1000000 bytes]')
    assert.equal(line.big, '100000000000000000000')
    assert.equal(line.at, null)
    assert.ok(!('call' in line))
    assert.match(String(line.long), /\.\.\. \(1000000 characters\)$/)
  })

  test('nothing makes it throw, and what comes out is plain data', () => {
    fc.assert(fc.property(fc.anything({
      withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true
    }), (value) => {
      JSON.stringify(clean(value))
      const { log, text } = collect()
      log.info({ value }, 'm')
      JSON.parse(text())
    }), { numRuns: scaled(1000) })
  })

  test('nor does a value whose own code throws', () => {
    const { log, last } = collect()
    const hostile = { get field (): string { throw new Error('no') } }
    log.info(hostile, 'still here')
    assert.deepEqual([last().unloggable, last().msg], ['object', 'still here'])
    log.child(hostile).error(Object.assign(new Error('x'), { hostile }), 'here too')
    assert.equal(last().msg, 'here too')
  })

  test('a key called __proto__ stays a key', () => {
    const cleaned = clean(JSON.parse('{"__proto__": {"polluted": 1}}')) as object
    assert.equal(Object.getPrototypeOf(cleaned), Object.prototype)
    assert.equal(JSON.stringify(cleaned), '{"__proto__":{"polluted":1}}')
  })

  test('texts made to be slow are not', () => {
    for (const text of [
      '://'.repeat(1e5) + ' @', 'basic '.repeat(1e5), 'authorization '.repeat(1e5), '-----BEGIN PRIVATE KEY-----'.repeat(1e4),
      'Bearer ' + 'a'.repeat(1e6)
    ]) cleanText(text)
  })
})

test('lines go to stdout, or to stderr so that stdout stays free for a result', () => {
  const script = (
    destination: string
  ) => `import('${new URL(`../../src/log${extension}`, import.meta.url).href}').then(({ createLogger }) => {
    createLogger({ level: 'info'${destination} }).info('here'); process.exit(0) })`
  for (const [option, mine, other] of [['', 'stdout', 'stderr'], [", destination: 'stderr'", 'stderr', 'stdout']] as const) {
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script(option)], { encoding: 'utf8' })
    assert.equal(result.status, 0, result.stderr)
    assert.match(result[mine], /"msg":"here"}\n$/)
    assert.equal(result[other], '')
  }
})
