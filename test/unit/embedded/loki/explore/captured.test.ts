import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { startLoki, type EmbeddedLoki } from '../../../../../src/embedded/loki/server.ts'
import { clock, get, post, type Answer } from '../push/logproto.ts'
import { captured, inOneOrder, Setting, shapeOf, type Ask } from './captured.ts'

const json = { 'content-type': 'application/json' }
const minutesAgo = (ms: number): number => Math.floor((ms / 1000 - 300) / 60) * 60

function check (ask: Ask, setting: Setting, { status, type, text }: Answer): void {
  assert.deepEqual([status, type], [ask.status, ask.type], text)
  const body = inOneOrder(setting.settled(text, type))
  const expected = inOneOrder(ask.body)
  if (ask.estimated === true) assert.deepEqual(shapeOf(body), shapeOf(expected))
  else if (typeof expected === 'string') assert.ok(text.startsWith(expected), text)
  else assert.deepEqual(body, expected)
}

const named = ({ path, params, headers }: Ask): string => `${path} ${JSON.stringify(params)}${headers === undefined ? '' : ', categorized'}`

let here: EmbeddedLoki | undefined
const setting = new Setting('cloud-1', minutesAgo(clock))

before(async () => {
  here = await startLoki({ now: () => clock, version: '3.7.6' })
  assert.equal((await post(here, setting.push(), json)).status, 204)
})
after(async () => { await here?.close() })

for (const ask of captured) {
  test(`answers as Loki 3.7.6: ${named(ask)}`, async () => {
    check(ask, setting, await get(here!, ask.path, setting.params(ask), ask.headers))
  })
}

const LOKI = (process.env.LOKEAN_TEST_LOKI_URL ?? '').replace(/\/$/, '')

test('a real Loki still answers so', { skip: LOKI === '' && 'LOKEAN_TEST_LOKI_URL names no Loki' }, async (t) => {
  const there = new Setting(`cloud-${randomUUID()}`, minutesAgo(Date.now()))
  assert.equal((await post({ url: LOKI }, there.push(), json)).status, 204)
  const ask = async (one: Ask): Promise<Answer> => await get({ url: LOKI }, one.path, there.params(one), one.headers)
  for (const one of captured.filter(({ onlyHere }) => onlyHere !== true)) {
    await t.test(named(one), async () => {
      const wait = AbortSignal.timeout(15_000)
      while (one.eventually === true && !(await ask(one)).text.includes('samples')) wait.throwIfAborted()
      check(one, there, await ask(one))
    })
  }
})
