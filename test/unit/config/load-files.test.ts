import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig, withEnvFile } from '../../../src/config/load.ts'
import { OPTION_NAMES, optionOf } from '../../../src/config/options.ts'
import { ConfigError } from '../../../src/errors.ts'
import { file, load, refusal } from './loading.ts'
import { CERTIFICATE, ENCRYPTED_KEY, PRIVATE_KEY } from './tls-material.ts'

suite('secrets from files', () => {
  test('the file\'s content without its last line end is the value', () => {
    const { config, given } = load({
      LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD_FILE: '/secret/password', LOKEAN_LOKI_TOKEN_FILE: '/secret/token'
    })
    assert.equal(config.amqp.login.current.password?.reveal(), 'from file')
    assert.equal(config.loki.login.current.token?.reveal(), 'tok3n')
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
    assert.equal(config.loki.login.current.key?.reveal(), PRIVATE_KEY.trimEnd())
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
    assert.equal(loadConfig({ LOKEAN_LOKI_TOKEN_FILE: path }).config.loki.login.current.token?.reveal(), 'hunter2')
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
  assert.equal(load(env).config.loki.login.current.key?.reveal(), PRIVATE_KEY.trim())
  assert.deepEqual(refusal({ ...env, LOKEAN_LOKI_KEY: ENCRYPTED_KEY }), ['LOKEAN_LOKI_KEY is (hidden): must hold a PEM private key without a passphrase'])
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
