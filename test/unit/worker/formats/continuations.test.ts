import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encodeMessages } from '../../../helpers/encode-records.ts'
import { recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

const FILE = { file: '/var/log/nova.log', severity: '5' }
const ERROR = { ...FILE, message: '2026-01-02 03:04:05.678 7 ERROR nova.virt [-] no' }
const TRACEBACK = 'Traceback (most recent call last):'

/** The level of each record, by its line. */
function levels (...messages: Array<Array<Record<string, unknown>>>): Record<string, string | undefined> {
  const { entries } = encodeMessages(messages.map(records => rsyslogMessage(records.map(record => recordText(record)))))
  return Object.fromEntries(entries.map(({ line, metadata }) => [line, metadata.level]))
}

suite('a record of a file that continues the one before it', () => {
  const [one, two] = [{ ...FILE, message: 'one' }, { ...FILE, message: '  two' }]

  test('has that one\'s level, however many', () => {
    assert.deepEqual(levels([ERROR, one, two]), { [ERROR.message]: 'error', one: 'error', '  two': 'error' })
  })

  test('has none by itself, in another message, of another host, source or file', () => {
    assert.deepEqual(levels([one]), { one: undefined })
    assert.deepEqual(levels([ERROR], [one]), { [ERROR.message]: 'error', one: undefined })
    for (const other of [{ host: 'other' }, { source: 'other' }, { file: '/other' }]) {
      assert.deepEqual(levels([ERROR, { ...one, ...other }]), { [ERROR.message]: 'error', one: undefined })
    }
  })

  test('finds it behind those of others', () => {
    const others = Array.from({ length: 300 }, (_, i) => (
      { ...FILE, host: `h${i}`, message: `2026-01-02 03:04:05.678 7 INFO nova.virt ${i}` }
    ))
    assert.equal(levels([ERROR, ...others, one]).one, 'error')
  })

  test('finds it where parts of the message are done already', () => {
    // JSON.parse reads a record with a number, and what it read is overwritten then.
    const read = { ...FILE, other: 7 }
    const info = '2026-01-02 03:04:05.678 7 INFO nova.virt [-] '
    const long = Array.from({ length: 50 }, (_, i) => ({ ...read, file: '/long', message: `${info}${i} ${'x'.repeat(200_000)}` }))
    assert.equal(levels([{ ...ERROR, other: 7 }, ...long, { ...read, message: 'one' }]).one, 'error')
  })

  test('finds it behind more than are noted at a time', () => {
    const many = Array.from({ length: 2_500 }, () => ({ ...FILE, file: '/many', message: ERROR.message.replace('ERROR', 'INFO') }))
    assert.equal(levels([ERROR, ...many, one]).one, 'error')
  })

  test('does not continue one of a known format without a level', () => {
    const qemu = { ...FILE, message: '2026-01-02T03:04:05.678901Z qemu-kvm: terminating' }
    assert.equal(levels([ERROR, qemu, one]).one, undefined)
  })

  test('continues what is wrapped: a container\'s stream, a WSGI program\'s stderr, a STATEMENT', () => {
    const wrapped = '2026-01-02T03:04:05.678Z stderr F   File "x.py", line 1'
    const head = { ...FILE, message: `2026-01-02T03:04:05.678Z stderr F ${TRACEBACK}` }
    assert.equal(levels([head, { ...FILE, message: wrapped }])[wrapped], 'error')
    const statement = '2026-01-02 03:04:05.678 UTC [12] STATEMENT:  SELECT 1'
    const fatal = { ...FILE, message: '2026-01-02 03:04:05.678 UTC [12] FATAL:  no' }
    assert.equal(levels([fatal, { ...FILE, message: statement }])[statement], 'critical')
  })

  test('is the same when it comes again', () => {
    const records = [ERROR, one, { ...FILE, file: '/other', message: 'three' }, two]
    const message = rsyslogMessage(records.map(record => recordText(record)))
    const { entries } = encodeMessages([message, message])
    assert.deepEqual(entries.slice(4).map(({ metadata }) => metadata), entries.slice(0, 4).map(({ metadata }) => metadata))
  })
})

suite('a traceback', () => {
  const syslog = { severity: '6' }
  const lines = [TRACEBACK, '   File "x.py", line 1', '     spawn()', 'nova.exception.NovaException: no', 'ready', '  later']
  const expected = (lines: readonly string[], rest: string | undefined): Record<string, string | undefined> =>
    Object.fromEntries(lines.map((line, i) => [line, i < 4 ? 'error' : rest]))

  test('by syslog is an error up to its last line', () => {
    assert.deepEqual(levels(lines.map(message => ({ ...syslog, message }))), expected(lines.map(line => line.replace(/^ /, '')), 'info'))
  })

  test('in a file, what follows continues it', () => {
    assert.deepEqual(levels(lines.map(message => ({ ...FILE, message }))), expected(lines, 'error'))
  })

  test('that one record has whole, is over', () => {
    const whole = lines.slice(0, 4).join('\n')
    const begun = lines.slice(0, 2).join('\n')
    assert.deepEqual(levels([{ ...syslog, message: whole }, { ...syslog, message: 'ready' }]), { [whole]: 'error', ready: 'info' })
    assert.deepEqual(
      levels([{ ...syslog, message: begun }, { ...syslog, message: lines[3] }]), { [begun]: 'error', [lines[3]]: 'error' }
    )
  })

  test('of another program takes nothing from it', () => {
    const other = { ...syslog, source: 'other', message: TRACEBACK }
    assert.equal(levels([other, { ...syslog, message: '   File "x.py"' }])['  File "x.py"'], 'info')
  })

  test('that nothing ends gives way to a record of another kind', () => {
    assert.equal(levels([{ ...syslog, message: TRACEBACK }, { ...syslog, message: 'all is well' }])['all is well'], 'info')
  })
})

test('a file\'s constant severity is never a level, a word or a number is one of syslog', () => {
  const message = 'text'
  assert.deepEqual(levels([{ ...FILE, message }]), { text: undefined })
  assert.deepEqual(levels([{ ...FILE, message, level: 'own' }]), { text: 'own' })
  for (const severity of ['3', 3, 'err', 'ERROR']) assert.deepEqual(levels([{ severity, message }]), { text: 'error' })
})
