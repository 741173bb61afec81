import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { RelpProtocol } from '../../../../src/source/relp/relp-protocol.ts'
import { recordsOf } from '../../../helpers/hand-fed.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { turn, until } from '../../../helpers/until.ts'
import { type Client, Listening } from '../listener/listening.ts'

const MAX_FRAME_BYTES = 128 * 1024
const OPEN = '1 open 30 relp_version=0\ncommands=syslog\n'
interface Response { txnr: number, code: number | null }
interface Case {
  id: string
  bytes: string
  expect: { records?: Array<{ message?: string }>, responses: Response[], closed?: boolean, count?: number }
  state?: { nextTxnr: number }
}

const file = (name: string): Buffer => readFileSync(`test/fixtures/relp/${name}`)
/** Those of servers have nothing that a client could send. */
const CASES = file('cases.ndjson').toString().trim().split('\n').map(line => JSON.parse(line) as Case)
  .filter(({ expect }) => Array.isArray(expect.responses))

function listening (t: TestContext, bytes = 8 * 2 ** 20): Promise<Listening> {
  return Listening.start(t, new RelpProtocol({ maxFrameBytes: MAX_FRAME_BYTES }), { bytes, maxFrameBytes: MAX_FRAME_BYTES })
}

function records (deliveries: readonly string[]): string[] {
  return deliveries.flatMap(text => recordsOf(Buffer.from(text, 'latin1')))
}

interface Answer { txnr: number, code: number, text: string }

function answers (written: string): { answers: Answer[], rest: string } {
  const found: Answer[] = []
  let at = 0
  for (;;) {
    const [head, txnr, length] = /^(\d+) rsp (\d+) /.exec(written.slice(at)) ?? []
    if (head === undefined) return { answers: found, rest: written.slice(at) }
    const from = at + head.length
    const text = written.slice(from, from + Number(length))
    found.push({ txnr: Number(txnr), code: Number(text.slice(0, 3)), text })
    at = from + Number(length) + 1
  }
}

/** Sends the pieces and the end, and settles what comes, until the connection is closed. */
async function exchange (one: Listening, pieces: readonly Buffer[]): Promise<{ records: string[], client: Client }> {
  const before = one.received.length
  const client = await one.connect()
  client.socket.setNoDelay()
  for (const piece of pieces) await new Promise(resolve => { client.socket.write(piece, resolve) })
  client.socket.end()
  await until('the connection is closed', () => {
    one.settle()
    return client.closed
  })
  one.settle()
  return { records: records(one.received.slice(before)), client }
}

function streamOf ({ bytes, state }: Case): Buffer {
  const stream = Buffer.from(bytes, 'base64')
  return state === undefined ? stream : Buffer.concat([Buffer.from(OPEN.replace(/^1/, `${state.nextTxnr - 1}`)), stream])
}

const CUTS: Record<string, (stream: Buffer) => Buffer[]> = {
  whole: stream => [stream],
  'byte by byte': stream => stream.length > 1000 ? [stream] : Array.from(stream, byte => Buffer.from([byte]))
}
for (const [name, cut] of Object.entries(CUTS)) {
  test(`what senders write, and some that err, ${name}`, async t => {
    const one = await listening(t)
    for (const { expect, ...rest } of CASES) {
      const { records, client } = await exchange(one, cut(streamOf(rest as Case)))
      assert.equal(records.length, expect.count ?? (expect.records ?? []).length + (rest.id === 'rp-empty-syslog' ? 1 : 0), rest.id)
      for (const { message } of expect.records ?? []) {
        if (message === undefined) continue
        assert.ok(records.some(record => Buffer.from(record, 'latin1').toString().includes(message)), `${rest.id}: ${message}`)
      }
      const got = answers(client.answers)
      const expected = expect.responses.filter(({ txnr }) => rest.state === undefined || txnr !== rest.state.nextTxnr - 1)
      for (const { txnr, code } of expected) {
        assert.equal(got.answers.find(answer => answer.txnr === txnr)?.code, code ?? 200, `${rest.id}: the answer to ${txnr}`)
      }
      assert.equal(new Set(got.answers.map(({ txnr }) => txnr)).size, got.answers.length, `${rest.id}: no number is answered twice`)
      assert.equal(got.rest, '0 serverclose 0\n', rest.id)
    }
  })
}

test('what omrelp writes: each record is answered in the words that it had then', async t => {
  const one = await listening(t)
  for (const name of ['omrelp-json.bin', 'omrelp-rfc5424.bin']) {
    const stream = file(name)
    for (const pieces of [[stream], CUTS['byte by byte'](stream), [stream.subarray(0, 777), stream.subarray(777)]]) {
      const { records, client } = await exchange(one, pieces)
      assert.equal(records.length, 9)
      const got = answers(client.answers).answers.map(({ txnr, code }) => [txnr, code])
      assert.deepEqual(got, Array.from({ length: 11 }, (_, i) => [i + 1, 200]))
    }
  }
})

test('a record is answered when it is stored, and close last', async t => {
  const one = await listening(t)
  const client = await one.connect()
  client.socket.write(`${OPEN}2 syslog 1 a\n`)
  await until('a is here', () => one.unsettled === 1)
  client.socket.write('3 syslog 1 b\n4 close 0\n')
  await until('b is here', () => one.unsettled === 2)
  await turn()
  assert.deepEqual(answers(client.answers).answers.map(({ txnr }) => txnr), [1])
  one.settle(1)
  await until('a is answered', () => answers(client.answers).answers.length === 2)
  one.settle()
  await until('the connection is closed', () => client.ended)
  assert.deepEqual(answers(client.answers).answers.map(({ txnr }) => txnr), [1, 2, 3, 4])
  client.socket.end()
})

test('what was received is stored, also when its connection is gone', async t => {
  const one = await listening(t)
  const client = await one.connect()
  client.socket.write(`${OPEN}2 syslog 1 a\n3 syslog 1 b\n`)
  await until('both are here', () => records(one.received).length === 2)
  client.socket.resetAndDestroy()
  await until('the connection is gone', () => one.source.counters.connections === 0)
  assert.equal(one.unsettled, 1)
  one.settle()
  assert.equal(one.budget.used, 0)
})

test('a stop takes no more, answers what it has, and says that the server closes', async t => {
  const one = await listening(t)
  const [busy, idle] = [await one.connect(), await one.connect()]
  busy.socket.write(`${OPEN}2 syslog 1 a\n`)
  idle.socket.write(OPEN)
  await until('a is here', () => one.unsettled === 1 && idle.answers !== '')
  const stopped = one.source.stop()
  busy.socket.write('3 syslog 1 b\n')
  await stopped
  await until('the idle sender knows', () => idle.ended)
  assert.equal(busy.ended, false)
  one.settle()
  await until('the busy sender knows', () => busy.ended)
  for (const [client, numbers] of [[busy, [1, 2]], [idle, [1]]] as const) {
    const got = answers(client.answers)
    assert.deepEqual([got.answers.map(({ txnr }) => txnr), got.rest], [numbers, '0 serverclose 0\n'])
    client.socket.end()
  }
  assert.deepEqual(records(one.received), ['a'])
})

test('a repeat of an unanswered number is left out, and a record above the limit is cut and answered', async t => {
  const one = await listening(t)
  const long = 'x'.repeat(MAX_FRAME_BYTES + 5)
  const client = await one.connect()
  client.socket.write(`${OPEN}2 syslog 1 a\n2 syslog 1 a\n3 syslog ${long.length} ${long}\n4 syslog 1 b\n`)
  await until('all are here', () => records(one.received).length === 3)
  const [a, cut, b] = records(one.received)
  assert.deepEqual([a, cut.slice(-9), cut.length, b], ['a', 'xxx [cut]', MAX_FRAME_BYTES + 6, 'b'])
  one.settle()
  await until('all are answered', () => answers(client.answers).answers.length === 4)
})

test('a cut is not within a character', async t => {
  const one = await listening(t)
  const long = Buffer.from('é'.repeat(MAX_FRAME_BYTES))
  const client = await one.connect()
  client.socket.write(Buffer.concat([Buffer.from(`${OPEN}2 syslog ${long.length + 1} x`), long, Buffer.from('\n')]))
  await until('it is here', () => one.unsettled === 1)
  const [cut] = records(one.received)
  assert.equal(Buffer.from(cut, 'latin1').toString(), `x${'é'.repeat(MAX_FRAME_BYTES / 2 - 1)} [cut]`)
})

test('any records in any pieces, settled in any order: each is delivered once and answered once', async t => {
  const text = fc.string({ unit: 'binary-ascii', maxLength: 40 })
  const run = fc.record({ texts: fc.array(text, { minLength: 1, maxLength: 60 }), cuts: fc.array(fc.nat(), { maxLength: 30 }) })
  await fc.assert(fc.asyncProperty(run, async ({ texts, cuts }) => {
    const one = await listening(t, 2 ** 20)
    const stream = Buffer.from(OPEN + texts.map((text, i) => `${i + 2} syslog ${text.length}${text === '' ? '' : ` ${text}`}\n`).join(''))
    const at = [0, ...cuts.map(cut => cut % stream.length).sort((a, b) => a - b), stream.length]
    const { records, client } = await exchange(one, at.slice(1).map((end, i) => stream.subarray(at[i], end)))
    assert.deepEqual(records, texts)
    assert.deepEqual(answers(client.answers).answers.map(({ txnr }) => txnr), Array.from({ length: texts.length + 1 }, (_, i) => i + 1))
    await one.source.close()
  }), { numRuns: scaled(100) })
})

test('while there is no room at all, what comes again is read and recognised, and the rest waits', async t => {
  const one = await listening(t, 384 * 1024)
  const [loud, lost] = [await one.connect(), await one.connect()]
  lost.socket.write(`${OPEN}2 syslog 1 a\n3 syslog 1 a\n`)
  await until('both are here', () => records(one.received).length === 2)
  const long = 'x'.repeat(10_000)
  loud.socket.write(OPEN + Array.from({ length: 200 }, (_, i) => `${i + 2} syslog ${long.length} ${long}\n`).join(''))
  await until('the room is used', () => one.budget.used > 100_000)
  for (let i = 0; i < 20; i++) await turn()
  const before = records(one.received).length
  lost.socket.resetAndDestroy()
  const again = await one.connect()
  again.socket.write(`${OPEN}2 syslog 1 a\n3 syslog 1 a\n4 syslog 1 b\n`)
  await until('open is answered', () => again.answers !== '')
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(records(one.received).length, before)
  await until('all is answered', () => {
    one.settle()
    return answers(again.answers).answers.length === 4 && answers(loud.answers).answers.length === 201
  })
  assert.deepEqual(records(one.received).filter(record => record.length === 1), ['a', 'a', 'b'])
  assert.equal(one.source.counters.recognised, 2)
})
