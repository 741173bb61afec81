import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { checkLog } from '../../../../src/commands/check/log-file.ts'
import { linesOf } from '../../../../src/commands/check/lines.ts'
import type { Context } from '../../../../src/commands/context.ts'
import { loadConfig } from '../../../../src/config/load.ts'

async function report (text: string, json: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-log-'))
  try {
    writeFileSync(join(folder, 'x.log'), text)
    let printed = ''
    const stdout = new Writable({ write (chunk: Buffer, _, done) { printed += chunk.toString(); done() } })
    assert.equal(await checkLog({ stdout, stderr: stdout } as unknown as Context, loadConfig({}).config, join(folder, 'x.log'), json), 0)
    return printed
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const LOG = [
  'strange', '2026-01-02T03:04:05.678Z|00017|bridge|WARN|x', '  more of it', '2026-01-02 03:04:05.678 7 ERROR nova.virt [-] no',
  JSON.stringify({ '@timestamp': '2026-01-02T03:04:05Z', message: '2026-01-02 03:04:05.678 [error] <0.1.0> x', file: '/f', host: 'h' })
].join('\n')

test('a log file, by format and level', async () => {
  const { lines, unknown, continued, formats, samples } = JSON.parse(await report(LOG, true)) as Record<string, unknown>
  assert.deepEqual([lines, unknown, continued, samples], [5, 1, 1, ['strange']])
  assert.deepEqual(formats, {
    none: { none: 1, warning: 1 },
    'Open vSwitch, OVN': { warning: 1 },
    'oslo.log, and what has a time and a level like it': { error: 1 },
    RabbitMQ: { error: 1 }
  })
  const text = await report(LOG, false)
  for (const part of ['5 lines; 1 of no known format (20.0 %), 1 that continue', 'Open vSwitch, OVN: warning 1', '"strange"']) {
    assert.ok(text.includes(part), text)
  }
})

test('an empty one', async () => assert.match(await report('', false), /: 0 lines; 0 of no known format \(0 %\)/))

test('lines, however they are cut into chunks; of a long one its beginning', async () => {
  const bytes = Buffer.from(`one\n\n${'x'.repeat(100_000)}y\nlast`)
  for (const size of [1_000, 65_536, 200_000]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
    const lines: string[] = []
    for await (const line of linesOf((async function * () { yield * chunks })())) lines.push(line.toString())
    assert.deepEqual(lines, ['one', '', 'x'.repeat(65_536), 'last'])
  }
})
