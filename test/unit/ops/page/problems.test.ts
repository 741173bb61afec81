import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../../../../src/log.ts'
import { Problems } from '../../../../src/ops/page/problems.ts'

function setUp (level: 'debug' | 'error' = 'debug') {
  const problems = new Problems()
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: line => { lines.push(line) } }, onProblem: line => problems.add(line) })
  return { problems, lines, log }
}

test('warnings and errors are kept, newest first, and the log has every line', () => {
  const { problems, lines, log } = setUp()
  log.debug('no')
  log.warn({ reason: '5xx', message: '503 no room', mend: 'see its log' }, 'a push failed')
  log.info('no')
  log.error({ err: new Error('disk full') }, 'cannot write')
  log.child({ part: 'bus' }).fatal(new Error('all is lost'))
  assert.equal(lines.length, 5)
  assert.deepEqual(problems.latest.map(({ level, text, detail, count }) => [level, text, detail, count]), [
    ['fatal', 'all is lost', '', 1], ['error', 'cannot write', 'disk full', 1], ['warn', 'a push failed', '503 no room', 1]
  ])
  assert.equal(problems.latest[2].time, JSON.parse(lines[1]).time)
})

test('secrets are masked as in the log', () => {
  const { problems, log } = setUp()
  log.warn({ err: new Error('amqp://u:hunter2@bus refused'), password: 'hunter2' }, 'Authorization: Bearer hunter2hunter2')
  assert.doesNotMatch(JSON.stringify(problems.latest), /hunter2/)
  assert.match(JSON.stringify(problems.latest), /\[secret\]/)
})

test('the same in a row is counted, and takes the time of the last', () => {
  const { problems, lines, log } = setUp()
  for (const detail of ['a', 'a', 'b', 'a']) log.warn({ detail }, 'again')
  assert.deepEqual(problems.latest.map(({ detail, count }) => [detail, count]), [['a', 1], ['b', 1], ['a', 2]])
  assert.equal(problems.latest[2].time, JSON.parse(lines[1]).time)
})

test('both number and length are bounded', () => {
  const { problems, log } = setUp()
  for (let i = 0; i < 100; i++) log.warn({ message: 'y'.repeat(5000) }, `${i} ${'x'.repeat(5000)}`)
  assert.equal(problems.latest.length, 20)
  assert.match(problems.latest[0].text, /^99 x+\.\.\.$/)
  assert.ok(JSON.stringify(problems.latest).length < 20_000)
})

test('what the level keeps out of the log is not here either', () => {
  const { problems, lines, log } = setUp('error')
  log.warn('hidden')
  assert.deepEqual([lines, problems.latest], [[], []])
})
