import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../../src/errors.ts'
import { DeadLetters } from '../../../src/sink/dead-letter.ts'
import type { RejectedEntry } from '../../../src/worker/messages.ts'

const START = Date.UTC(2026, 10, 22, 8, 0, 0)

async function temporary (t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-dead-letter-'))
  t.after(async () => { await rm(dir, { recursive: true, force: true }) })
  return dir
}

async function opened (t: TestContext, dir: string, maxBytes = 1_000_000, now: () => number = () => START): Promise<DeadLetters> {
  const letters = await DeadLetters.open(dir, maxBytes, now)
  t.after(async () => { await letters.close() })
  return letters
}

function entry (line: string): RejectedEntry {
  return { reason: '400 no', tenant: '', stream: '{source="x"}', timestamp: '1795334400000000001', line, metadata: { level: 'info' } }
}

async function files (dir: string): Promise<Array<{ name: string, text: string }>> {
  const names = (await readdir(dir)).sort()
  return await Promise.all(names.map(async name => ({ name, text: await readFile(join(dir, name), 'utf8') })))
}

async function lines (dir: string): Promise<Array<RejectedEntry & { time: string }>> {
  return (await files(dir)).flatMap(({ text }) => text.split('\n').slice(0, -1))
    .map(line => JSON.parse(line) as RejectedEntry & { time: string })
}

async function totalBytes (dir: string): Promise<number> {
  const sizes = await Promise.all((await readdir(dir)).map(async name => (await stat(join(dir, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('an entry is a line of JSON, on disk when the write resolves', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir)
  const line = 'with "quotes",\nnewlines, \u0000, \u2028 and \ud83d\ude00'
  await letters.write(entry(line))
  const [{ name, text }] = await files(dir)
  assert.equal(name, `dead-letter-${START}.ndjson`)
  assert.ok(text.endsWith('}\n'))
  assert.equal(text.split('\n').length, 2)
  assert.deepEqual(JSON.parse(text), { time: '2026-11-22T08:00:00.000Z', ...entry(line) })
})

test('no file is made before there is something to write', async t => {
  const dir = join(await temporary(t), 'deep', 'down')
  await opened(t, dir)
  assert.deepEqual(await readdir(dir), [])
})

test('writes at once follow one another in whole lines', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir)
  const texts = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(i * 50)}`)
  await Promise.all(texts.map(async text => { await letters.write(entry(text)) }))
  assert.deepEqual((await lines(dir)).map(({ line }) => line), texts)
})

test('begins another file after a tenth of the bound, and drops the oldest to stay within it', async t => {
  const dir = await temporary(t)
  const bound = 20_000
  const letters = await opened(t, dir, bound)
  for (let i = 0; i < 150; i++) {
    await letters.write(entry(`${i} ${'x'.repeat(300)}`))
    assert.ok(await totalBytes(dir) <= bound)
  }
  const kept = (await lines(dir)).map(({ line }) => parseInt(line))
  assert.deepEqual(kept, Array.from({ length: kept.length }, (_, i) => 150 - kept.length + i))
  assert.ok(kept.length > 20, `only ${kept.length} are left`)
  for (const { text } of await files(dir)) assert.ok(text.length <= bound / 10)
})

test('stays within the bound with lines larger than a file should be', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir, 20_000)
  for (let i = 0; i < 20; i++) {
    await letters.write(entry(`${i} ${'x'.repeat(i % 2 === 0 ? 7_000 : 500)}`))
    assert.ok(await totalBytes(dir) <= 20_000, `${await totalBytes(dir)} bytes after ${i}`)
  }
  assert.equal((await lines(dir)).at(-1)?.line.slice(0, 3), '19 ')
})

test('counts what an earlier process left, and leaves other files alone', async t => {
  const dir = await temporary(t)
  const earlier = await opened(t, dir, 20_000)
  for (let i = 0; i < 50; i++) await earlier.write(entry('x'.repeat(300)))
  await earlier.close()
  await writeFile(join(dir, 'notes.txt'), 'y'.repeat(50_000))
  const before = (await readdir(dir)).length
  const letters = await opened(t, dir, 10_000, () => START + 60_000)
  await letters.write(entry('new'))
  assert.ok((await readdir(dir)).length < before)
  assert.ok(await totalBytes(dir) - 50_000 <= 10_000)
  await rm(join(dir, 'notes.txt'))
  assert.equal((await lines(dir)).at(-1)?.line, 'new')
})

test('two files of the same millisecond, and of a clock that was set back, keep their order', async t => {
  const dir = await temporary(t)
  let now = START
  const letters = await opened(t, dir, 5_000, () => now)
  for (const [i, step] of [0, 0, -3_600_000, 0, 5].entries()) {
    now += step
    await letters.write(entry(`${i} ${'x'.repeat(350)}`))
  }
  assert.deepEqual((await lines(dir)).map(({ line }) => parseInt(line)), [0, 1, 2, 3, 4])
})

test('a directory that cannot be one is a wrong setting', async t => {
  const dir = await temporary(t)
  await writeFile(join(dir, 'file'), '')
  for (const path of [join(dir, 'file'), join(dir, 'file', 'below')]) {
    await assert.rejects(
      DeadLetters.open(path, 1_000),
      (error: Error) => error instanceof ConfigError && error.message.includes('LOKEAN_DEAD_LETTER_DIR') && error.message.includes(path)
    )
  }
})

test('a directory that may not be written to is a wrong setting', { skip: process.getuid?.() === 0 && 'root may write anywhere' }, async t => {
  const dir = join(await temporary(t), 'locked')
  await mkdir(dir, { mode: 0o500 })
  await assert.rejects(DeadLetters.open(dir, 1_000), ConfigError)
})

test('a directory that is gone fails the write, until it is there again', async t => {
  const dir = join(await temporary(t), 'letters')
  const letters = await opened(t, dir)
  await letters.write(entry('before'))
  await rm(dir, { recursive: true })
  await assert.rejects(letters.write(entry('lost?')))
  await assert.rejects(letters.write(entry('lost?')))
  await mkdir(dir)
  await letters.write(entry('after'))
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['after'])
})

test('a file that was deleted or moved away does not swallow what comes', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir)
  await letters.write(entry('one'))
  const [{ name }] = await files(dir)
  await rm(join(dir, name))
  await assert.rejects(letters.write(entry('two')))
  await letters.write(entry('two'))
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['two'])
  // A file that was only renamed would still grow with later writes.
  const [moved] = await files(dir)
  await rename(join(dir, moved.name), join(dir, 'taken-away.ndjson'))
  await letters.write(entry('three'))
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['two', 'three'])
})

test('one write that fails does not fail the next', async t => {
  const dir = join(await temporary(t), 'letters')
  const letters = await opened(t, dir)
  await rm(dir, { recursive: true })
  const failing = letters.write(entry('lost?'))
  await assert.rejects(failing)
  await mkdir(dir)
  await Promise.all(['a', 'b'].map(async line => { await letters.write(entry(line)) }))
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['a', 'b'])
})

test('close waits for what is being written', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir)
  const writes = ['a', 'b', 'c'].map(async line => { await letters.write(entry(line)) })
  await letters.close()
  await Promise.all(writes)
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['a', 'b', 'c'])
})
