import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { parseCommand } from '../../../src/cli/arguments.ts'
import { COMMANDS, FLAGS } from '../../../src/cli/flags.ts'
import { UsageError } from '../../../src/errors.ts'

function refused (...argv: string[]): string {
  try {
    parseCommand(argv)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return error.message
  }
  return assert.fail(`accepted: ${argv.join(' ')}`)
}

const DEMO = {
  command: 'demo',
  records: 100_000,
  hosts: 100,
  rate: undefined,
  forMs: undefined,
  seed: 1,
  recordsPerMessage: 100,
  json: false,
  keep: false,
  via: 'amqp',
  envFile: undefined
}
const GENERATE = {
  command: 'generate',
  records: 100_000,
  hosts: 100,
  rate: undefined,
  forMs: undefined,
  seed: 1,
  recordsPerMessage: 100,
  json: false,
  connections: 4,
  url: undefined,
  form: undefined,
  window: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  envFile: undefined
}

test('commands with their defaults; run is the one when none is named', () => {
  assert.deepEqual(parseCommand([]), { command: 'run', envFile: undefined })
  assert.deepEqual(parseCommand(['run']), { command: 'run', envFile: undefined })
  assert.deepEqual(parseCommand(['check']), {
    command: 'check', json: false, health: false, push: true, offline: false, file: undefined, envFile: undefined
  })
  assert.deepEqual(parseCommand(['demo']), DEMO)
  assert.deepEqual(parseCommand(['generate']), GENERATE)
})

test('every flag, apart from its value or joined to it, before or after the command', () => {
  assert.deepEqual(parseCommand(['--env-file', 'a.env']), { command: 'run', envFile: 'a.env' })
  assert.deepEqual(parseCommand(['check', '--json', '--health', '--no-push', '--offline', '--env-file=b']), {
    command: 'check', json: true, health: true, push: false, offline: true, file: undefined, envFile: 'b'
  })
  assert.deepEqual(parseCommand([
    '--json', 'demo', '--records', '5', '--hosts=6', '--rate', '7', '--for', '1m30s', '--keep', '--seed', '0', '--records-per-message', '9',
    '--env-file', 'c'
  ]), {
    command: 'demo',
    records: 5,
    hosts: 6,
    rate: 7,
    forMs: 90e3,
    seed: 0,
    recordsPerMessage: 9,
    json: true,
    keep: true,
    via: 'amqp',
    envFile: 'c'
  })
  assert.deepEqual(parseCommand(['generate', '--records', '5', '--connections', '12', '--json']), {
    ...GENERATE, records: 5, connections: 12, json: true
  })
  assert.equal((parseCommand(['demo', '--via', 'relp']) as { via: string }).via, 'relp')
  assert.deepEqual(parseCommand([
    'generate', '--url', 'relps://[::1]:2514', '--form', 'rfc5424', '--window', '1024', '--ca', 'a', '--cert', 'b', '--key', 'c'
  ]), {
    ...GENERATE, url: new URL('relps://[::1]:2514'), form: 'rfc5424', window: 1024, ca: 'a', cert: 'b', key: 'c'
  })
})

test('canary runs until it is stopped, and sends to the bus of the settings, unless told otherwise', () => {
  const peer = { url: undefined, form: undefined, window: undefined, ca: undefined, cert: undefined, key: undefined }
  const unsaid = { forMs: undefined, tenant: undefined, envFile: undefined }
  const all = { command: 'canary', ...peer, ...unsaid, withinMs: 60_000, cloud: 'canary', json: false }
  assert.deepEqual(parseCommand(['canary']), all)
  assert.deepEqual(
    parseCommand([
      'canary', '--for', '5m', '--within', '10s', '--cloud', 'c', '--tenant', 't', '--url', 'syslog+tls://h:6514', '--ca', 'f', '--json'
    ]),
    { ...all, forMs: 300_000, withinMs: 10_000, cloud: 'c', tenant: 't', url: new URL('syslog+tls://h:6514'), ca: 'f', json: true })
  assert.match(refused('canary', '--window', '5'), /^--window is not a flag of canary/)
  assert.match(refused('canary', '--ca', 'f'), /^--ca needs --url/)
})

test('replay selects what its flags say, and does nothing without --yes', () => {
  const nothing = {
    command: 'replay',
    deadLetters: undefined,
    reasons: [],
    labels: [],
    tenants: [],
    from: undefined,
    to: undefined,
    sinceMs: undefined,
    limit: undefined,
    state: undefined,
    left: undefined,
    yes: false,
    json: false,
    envFile: undefined
  }
  assert.deepEqual(parseCommand(['replay']), nothing)
  assert.deepEqual(parseCommand([
    'replay', '--yes', '--json', '--reason', 'too_old', '--reason=no_labels', '--label', 'host=a=b', '--label', 'zone=z', '--tenant', 't',
    '--from', '2026-11-27T10:00:00.000000001+01:00', '--to', '2026-11-27T10:00:00Z', '--limit', '5', '--state', 's', '--left', 'l'
  ]), {
    ...nothing,
    yes: true,
    json: true,
    reasons: ['too_old', 'no_labels'],
    labels: [{ name: 'host', value: 'a=b' }, { name: 'zone', value: 'z' }],
    tenants: ['t'],
    from: BigInt(Date.UTC(2026, 10, 27, 9)) * 1_000_000n + 1n,
    to: BigInt(Date.UTC(2026, 10, 27, 10)) * 1_000_000n,
    limit: 5,
    state: 's',
    left: 'l'
  })
  assert.deepEqual(parseCommand(['replay', '--dead-letters', 'd', '--since', '2h']), { ...nothing, deadLetters: 'd', sinceMs: 7_200_000 })
  assert.match(refused('replay', '--since', '2h', '--from', '2026-11-27T10:00:00Z'), /give one of them/)
  assert.match(refused('replay', '--reason', 'nosuch'), /^--reason is "nosuch": must be one of invalid_json, /)
  assert.match(refused('replay', '--label', 'host'), /^--label is "host": must be name=value$/)
  for (const time of ['2026-11-27', '10:00', '2026-11-27T25:00:00Z', '2026-11-27T10:00:00']) assert.match(refused('replay', '--to', time), /must be a time such as/)
})

test('a duration alone lifts the default limit on records, a number beside it stays', () => {
  assert.deepEqual(parseCommand(['demo', '--for', '10s']), { ...DEMO, records: undefined, forMs: 10e3 })
  assert.deepEqual(parseCommand(['generate', '--for', '10s', '--records', '7']), { ...GENERATE, records: 7, forMs: 10e3 })
})

test('the last one counts where a flag is there twice', () => {
  assert.deepEqual(parseCommand(['demo', '--records', '5', '--records', '6']), { ...DEMO, records: 6 })
})

test('help and version, as commands and as flags', () => {
  for (const argv of [['--help'], ['-h'], ['help']]) assert.deepEqual(parseCommand(argv), { command: 'help', topic: undefined })
  for (const argv of [['demo', '--help'], ['-h', 'demo'], ['help', 'demo'], ['demo', '--help', '--version']]) {
    assert.deepEqual(parseCommand(argv), { command: 'help', topic: 'demo' })
  }
  for (const argv of [['--version'], ['-V'], ['version'], ['check', '--version']]) {
    assert.deepEqual(parseCommand(argv), { command: 'version' })
  }
})

suite('refusals name what is wrong, and the nearest word that is known', () => {
  const cases: Array<[string[], string]> = [
    [['dmeo'], 'unknown command "dmeo"; the nearest is demo'],
    [['something'], 'unknown command "something": there are run, demo, check, replay, generate, canary'],
    [['help', 'genrate'], 'unknown command "genrate"; the nearest is generate'],
    [['help', 'demo', 'x'], 'unexpected argument "x"'],
    [['version', 'x'], 'unexpected argument "x"'],
    [['help', '--json'], '--json is not a flag of help'],
    [['demo', '--recrods', '5'], 'unknown flag "--recrods"; the nearest is --records'],
    [['demo', '--zzzzzzzz'], 'unknown flag "--zzzzzzzz"'],
    [['demo', '-x'], 'unknown flag "-x"'],
    [['demo', '-hx'], 'unknown flag "-x"'],
    [['demo', '--no-json'], 'unknown flag "--no-json"'],
    [['demo', '--constructor'], 'unknown flag "--constructor"'],
    [['-n'], 'unknown flag "-n"'],
    [['demo', '100'], 'unexpected argument "100": demo takes flags only'],
    [['demo', '--', '--json'], 'unexpected argument "--json": demo takes flags only'],
    [['run', '--json'], '--json is not a flag of run (it belongs to demo and check and replay and generate and canary)'],
    [['--records', '5'], '--records is not a flag of run (it belongs to demo and generate)'],
    [['generate', '--keep'], '--keep is not a flag of generate (it belongs to demo)'],
    [['demo', '--connections', '5'], '--connections is not a flag of demo (it belongs to generate)'],
    [['demo', '--json=yes'], '--json takes no value'],
    [['demo', '--records'], '--records needs a value (N)'],
    [['demo', '--records='], '--records needs a value (N)'],
    [['demo', '--records', '--json'], '--records needs a value (N)'],
    [['demo', '--env-file'], '--env-file needs a value (FILE)'],
    [['demo', '--records', '0'], '--records is "0": must be a whole number from 1 to 1000000000000'],
    [['demo', '--records=-5'], '--records is "-5": must be a whole number from 1 to 1000000000000'],
    [['demo', '--records', '1e5'], '--records is "1e5": must be a whole number from 1 to 1000000000000'],
    [['demo', '--hosts', '1.5'], '--hosts is "1.5": must be a whole number from 1 to 1000000'],
    [['demo', '--rate', 'fast'], '--rate is "fast": must be a whole number from 1 to 1000000000'],
    [['demo', '--seed', '4294967296'], '--seed is "4294967296": must be a whole number from 0 to 4294967295'],
    [['demo', '--records-per-message', '100001'], '--records-per-message is "100001": must be a whole number from 1 to 100000'],
    [['demo', '--via', 'rlp'], '--via is "rlp": must be one of amqp, relp, syslog'],
    [['generate', '--url', 'amqp://bus:5672'], '--url is "amqp://bus:5672": must be relp://host:port, or the same with relps, syslog+tcp or syslog+tls'],
    [['generate', '--url', 'relp://host'], '--url is "relp://host": must be relp://host:port, or the same with relps, syslog+tcp or syslog+tls'],
    [['generate', '--url', 'relp://host:1/x'], '--url is "relp://host:1/x": must be relp://host:port, or the same with relps, syslog+tcp or syslog+tls'],
    [['generate', '--window', '9'], '--window needs --url: the bus has its settings'],
    [['generate', '--connections', '0'], '--connections is "0": must be a whole number from 1 to 10000'],
    [['demo', '--for', '10'], '--for is "10": must be a duration from 100ms to 365d, such as 500ms, 25s, 10m or 7d']
  ]
  for (const [argv, message] of cases) test(argv.join(' '), () => assert.equal(refused(...argv), message))
})

test('an argument of any length is cut in the message', () => {
  assert.ok(refused('x'.repeat(1e5)).length < 300)
  assert.ok(refused(`--${'x'.repeat(1e5)}`).length < 300)
  assert.ok(refused('demo', '--records', 'x'.repeat(1e5)).length < 300)
})

test('whatever the words, the answer is a command or a UsageError', () => {
  const word = fc.oneof(
    fc.string(), fc.constantFrom(...COMMANDS, 'help', 'version', '--', '-', '5', '10s'),
    fc.constantFrom(...Object.keys(FLAGS)).map((flag) => `--${flag}`)
  )
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
    try {
      assert.ok([...COMMANDS, 'help', 'version'].includes(parseCommand(argv).command))
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error))
    }
  }))
})
