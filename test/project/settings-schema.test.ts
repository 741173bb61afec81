import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { VALUES_SCHEMA, valuesSchema } from '../../deploy/schema/helm-values.ts'
import { SETTINGS_SCHEMA, settingsSchema } from '../../deploy/schema/settings.ts'
import { OPTION_NAMES, optionOf } from '../../src/config/options.ts'

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true })
const validate = ajv.compile(settingsSchema())

/** Returns where the schema complains: names of settings. */
function refused (settings: Record<string, unknown>): string[] {
  validate(settings)
  return [...new Set((validate.errors ?? []).map(({ instancePath, params }) => params.additionalProperty ?? instancePath.slice(1)))]
}

for (const [file, schema] of [[SETTINGS_SCHEMA, settingsSchema()], [VALUES_SCHEMA, valuesSchema()]] as const) {
  test(`${file} says what the table of settings says now (npm run readme renews it)`, () => {
    const text = `${JSON.stringify(schema, undefined, 2)}\n`
    if (process.env.RENEW_README === '1') return writeFileSync(file, text)
    assert.equal(readFileSync(file, 'utf8'), text)
  })
}

test('it takes every default, and the file of each secret', () => {
  const defaults = OPTION_NAMES.flatMap(name => optionOf(name).default === undefined ? [] : [[name, optionOf(name).default]])
  const files = OPTION_NAMES.filter(name => optionOf(name).secret).map(name => [`${name}_FILE`, '/run/secret'])
  assert.ok(defaults.length > 20 && files.length > 3)
  assert.deepEqual(refused(Object.fromEntries([...defaults, ...files])), [])
})

test('it refuses what is no setting, and what the program would not take for its form', () => {
  const wrong = {
    LOKEAN_SHARD: '4',
    LOKEAN_LOKI_URL_FILE: '/run/secret',
    LOKEAN_SHARDS: 'many',
    LOKEAN_WORKERS: 0,
    LOKEAN_PUSH_BYTES: '1 MiBi',
    LOKEAN_INFLIGHT_BYTES: 1000,
    LOKEAN_LINGER: '100',
    LOKEAN_LOKI_VERIFY: true,
    LOKEAN_LOG_LEVEL: 'verbose',
    LOKEAN_LOKI_TOKEN: 'two words',
    LOKEAN_AMQP_ADDRESSES: ['rsyslog/logs']
  }
  assert.deepEqual(refused(wrong).sort(), Object.keys(wrong).sort())
  assert.deepEqual(refused({ LOKEAN_SHARDS: 4, LOKEAN_PUSH_BYTES: 1048576, LOKEAN_INFLIGHT_BYTES: '96MiB', LOKEAN_LINGER: '1s500ms' }), [])
})

test('it refuses nothing that the program takes', () => {
  const unit = fc.constantFrom('', 'k', 'Ki', 'MiB', 'gb', 'B', 'ms', 's', 'm', 'h', 'd')
  const number = fc.oneof(fc.nat(100), fc.nat(), fc.double({ min: 0, max: 2 ** 40, noNaN: true })).map(String)
  const quantity = fc.array(fc.tuple(number, fc.constantFrom('', ' '), unit).map(parts => parts.join('')), { minLength: 1, maxLength: 2 })
    .map(parts => parts.join(''))
  const word = fc.constantFrom(...OPTION_NAMES.flatMap(name => (/^must be one of (.*)$/.exec(complaint(name)) ?? [])[1]?.split(', ') ?? []))
  fc.assert(fc.property(fc.constantFrom(...OPTION_NAMES), fc.oneof(quantity, word, fc.string()), (name, text) => {
    if (optionOf(name).schema.safeParse(text).success) assert.deepEqual(refused({ [name]: text }), [], text)
  }), { numRuns: 3_000 })
})

/** Returns what the program says of a text that is no value of the setting. */
function complaint (name: typeof OPTION_NAMES[number]): string {
  return optionOf(name).schema.safeParse('\0').error?.issues[0]?.message ?? ''
}
