import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import '../../helpers/seeded-properties.ts'
import fc from 'fast-check'
import { loadConfig } from '../../../src/config/load.ts'
import { belongTogether } from '../../../src/config/pem.ts'
import { Authority } from '../../helpers/authority.ts'
import { collectedLog, type LogLine } from '../../helpers/collected-log.ts'
import { scaled } from '../../helpers/scaled.ts'
import { folder, write } from './files.ts'

const [OLD, NEW] = [new Authority('old'), new Authority('new')]
const [ONE, TWO] = [OLD.issue('one'), NEW.issue('two')]

interface Loaded extends ReturnType<typeof loadConfig> { paths: Record<'token' | 'ca' | 'cert' | 'key', string>, lines: LogLine[] }

/** Settings whose token, CA, certificate and key are in files, with the log of what becomes of these. */
function loaded (t: TestContext): Loaded {
  const root = folder(t)
  const paths = { token: join(root, 'token'), ca: join(root, 'ca'), cert: join(root, 'cert'), key: join(root, 'key') }
  write(paths.token, 't0ken-one\n')
  write(paths.ca, OLD.ca)
  write(paths.cert, ONE.cert)
  write(paths.key, ONE.key)
  const found = loadConfig({
    LOKEAN_LOKI_URL: 'https://loki.example',
    LOKEAN_LOKI_TOKEN_FILE: paths.token,
    LOKEAN_LOKI_CA: paths.ca,
    LOKEAN_LOKI_CERT: paths.cert,
    LOKEAN_LOKI_KEY_FILE: paths.key,
    LOKEAN_LISTEN: 'relps://127.0.0.1:0',
    LOKEAN_LISTEN_CERT: ONE.cert,
    LOKEAN_LISTEN_KEY: ONE.key
  })
  const { log, lines } = collectedLog()
  found.credentials.log = log
  found.credentials.refresh()
  assert.deepEqual(lines, [])
  return { ...found, paths, lines }
}

function warnings (lines: readonly LogLine[]): string[] {
  return lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)
}

test('a new token holds from the next look on, and what does not come from it stays the same object', t => {
  const { config: { loki, lokiQuery, listeners }, paths, lines } = loaded(t)
  const [before, identity] = [loki.login.current, listeners.identity.current]
  assert.equal(loki.login.refresh(), before)
  write(paths.token, 't0ken-two\n')
  assert.equal(loki.login.current, before)
  assert.equal(loki.login.refresh().token?.reveal(), 't0ken-two')
  assert.equal(lokiQuery.login.current.token?.reveal(), 't0ken-two')
  assert.equal(loki.login.current, loki.login.refresh())
  assert.equal(listeners.identity.current, identity)
  assert.deepEqual(lines.map(({ level, settings }) => [level, settings]), [['info', ['LOKEAN_LOKI_TOKEN']]])
  assert.doesNotMatch(JSON.stringify(lines), /t0ken/)
})

test('a token that vanishes for a while is told of once, and the last one holds until it is back', t => {
  const { config: { loki }, paths, lines } = loaded(t)
  const before = loki.login.current
  rmSync(paths.token)
  for (let i = 0; i < 3; i++) assert.equal(loki.login.refresh(), before)
  assert.equal(warnings(lines).length, 1)
  assert.match(warnings(lines)[0] ?? '', /^LOKEAN_LOKI_TOKEN_FILE is ".*token": cannot be read \(ENOENT.*\); what was read before still holds$/)
  write(paths.token, 't0ken-two\n')
  assert.equal(loki.login.refresh().token?.reveal(), 't0ken-two')
  rmSync(paths.token)
  loki.login.refresh()
  assert.equal(warnings(lines).length, 2, 'it is told of again when it happens again')
})

suite('what is wrong is told of once, without what it holds, and the last good one holds', () => {
  for (const [what, setting, text, words] of [
    ['an empty token', 'token', '\n', /must not be an empty file/],
    ['a token of two lines', 'token', 'hunter2\nhunter3\n', /must be printable ASCII without spaces/],
    ['a certificate cut off', 'ca', OLD.ca.slice(0, 200), /must hold a PEM certificate/],
    ['a bundle whose second one is cut off', 'ca', OLD.ca + NEW.ca.slice(0, 200), /holds a certificate that is cut off/],
    ['a bundle with one that is none', 'ca', `${OLD.ca}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`, /cannot be read \(number 2\)/],
    ['a key cut off', 'key', ONE.key.slice(0, 80), /must hold a PEM private key/],
    ['the key of another', 'key', TWO.key, /^LOKEAN_LOKI_KEY is not the private key of the certificate in LOKEAN_LOKI_CERT/],
    ['the certificate of another', 'cert', TWO.cert, /^LOKEAN_LOKI_KEY is not the private key/]
  ] as const) {
    test(what, t => {
      const { config: { loki }, credentials, paths, lines } = loaded(t)
      const before = loki.login.current
      write(paths[setting], text)
      for (let i = 0; i < 3; i++) {
        credentials.refresh()
        // Another file changes: what is wrong is looked at again, but not told again.
        write(paths.token, i % 2 === 0 && setting !== 'token' ? 't0ken-two' : 't0ken-one')
      }
      const { ca, cert, key } = loki.login.current
      assert.deepEqual([ca, cert, key?.reveal()], [before.ca, before.cert, before.key?.reveal()])
      assert.equal(warnings(lines).length, 1, JSON.stringify(lines))
      assert.match(warnings(lines)[0] ?? '', words)
      assert.doesNotMatch(JSON.stringify(lines), /hunter|t0ken|PRIVATE KEY/)
    })
  }
})

test('a bundle of two, the old authority and the new one, is taken', t => {
  const { config: { loki }, paths } = loaded(t)
  write(paths.ca, OLD.ca + NEW.ca)
  assert.equal(loki.login.refresh().ca, OLD.ca + NEW.ca)
})

for (const [first, second] of [['key', 'cert'], ['cert', 'key']] as const) {
  test(`a ${first} that comes before its ${second} waits for it`, t => {
    const { config: { loki }, paths, lines } = loaded(t)
    const before = loki.login.current
    write(paths[first], TWO[first])
    assert.equal(loki.login.refresh(), before)
    write(paths[second], TWO[second])
    const { cert, key } = loki.login.refresh()
    assert.deepEqual([cert, key?.reveal()], [TWO.cert, TWO.key.trimEnd()])
    assert.deepEqual(lines.at(-1)?.settings, ['LOKEAN_LOKI_CERT', 'LOKEAN_LOKI_KEY'])
  })
}

test('whatever is done to the files in whatever order: certificate and key belong together, and a good pair is taken', t => {
  const { config: { loki }, paths } = loaded(t)
  const texts = fc.constantFrom('one', 'two', 'garbage', 'empty', 'none')
  const step = fc.record({ file: fc.constantFrom<'cert' | 'key'>('cert', 'key'), text: texts, look: fc.boolean() })
  const content = (file: 'cert' | 'key', text: string): string => ({ one: ONE[file], two: TWO[file], empty: '' })[text] ?? 'x'
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), steps => {
    const held = { cert: 'one', key: 'one' }
    for (const file of ['cert', 'key'] as const) write(paths[file], content(file, 'one'))
    loki.login.refresh()
    for (const { file, text, look } of steps) {
      held[file] = text
      if (text === 'none') rmSync(paths[file], { force: true })
      else write(paths[file], content(file, text))
      if (!look) continue
      const { cert = '', key } = loki.login.refresh()
      assert.ok(key !== undefined && belongTogether(cert, key))
      if (held.cert === held.key && (text === 'one' || text === 'two')) assert.equal(cert, content('cert', text))
    }
  }), { numRuns: scaled(50) })
})
