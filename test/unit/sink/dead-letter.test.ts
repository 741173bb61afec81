import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../../src/errors.ts'
import { type DeadLetterOptions, DeadLetters } from '../../../src/sink/dead-letter.ts'
import type { RejectedEntry } from '../../../src/worker/messages/tasks.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { turn, until } from '../../helpers/until.ts'

const START = Date.UTC(2026, 10, 22, 8, 0, 0)

async function temporary (t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-dead-letter-'))
  t.after(async () => { await rm(dir, { recursive: true, force: true }) })
  return dir
}

async function opened (t: TestContext, dir: string, options: Partial<DeadLetterOptions> = {}): Promise<DeadLetters> {
  const letters = await DeadLetters.open({ dir, maxBytes: 1_000_000, whenFull: 'block', now: () => START, ...options })
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

test('begins another file after a tenth of the bound; told to delete, it drops the oldest to stay within, and counts its records', async t => {
  const dir = await temporary(t)
  const maxBytes = 20_000
  let deleted = 0
  const letters = await opened(t, dir, { maxBytes, whenFull: 'delete', onDeleted: (_file, records) => { deleted += records } })
  for (let i = 0; i < 150; i++) {
    await letters.write(entry(`${i} ${'x'.repeat(300)}`))
    assert.ok(await totalBytes(dir) <= maxBytes)
  }
  const kept = (await lines(dir)).map(({ line }) => parseInt(line))
  assert.deepEqual(kept, Array.from({ length: kept.length }, (_, i) => 150 - kept.length + i))
  assert.ok(kept.length > 20, `only ${kept.length} are left`)
  assert.equal(deleted, 150 - kept.length)
  for (const { text } of await files(dir)) assert.ok(text.length <= maxBytes / 10)
  assert.equal(letters.blocked, false)
})

test('stays within the bound with lines larger than a file should be', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir, { maxBytes: 20_000, whenFull: 'delete' })
  for (let i = 0; i < 20; i++) {
    await letters.write(entry(`${i} ${'x'.repeat(i % 2 === 0 ? 7_000 : 500)}`))
    assert.ok(await totalBytes(dir) <= 20_000, `${await totalBytes(dir)} bytes after ${i}`)
  }
  assert.equal((await lines(dir)).at(-1)?.line.slice(0, 3), '19 ')
})

test('a full directory takes nothing and loses nothing, says what to do, and takes again when there is room', async t => {
  const dir = await temporary(t)
  const maxBytes = 5_000
  const letters = await opened(t, dir, { maxBytes })
  let taken = 0
  const refusal = await (async () => {
    for (;; taken++) await letters.write(entry(`${taken} ${'x'.repeat(300)}`))
  })().catch((error: Error) => error.message)
  for (const way of ['move files away', 'LOKEAN_DEAD_LETTER_BYTES=5000', 'LOKEAN_DEAD_LETTER_FULL=delete', dir]) {
    assert.ok(refusal.includes(way), way)
  }
  await assert.rejects(letters.write(entry('x'.repeat(300))), /no room/)
  assert.equal(letters.blocked, true)
  const kept = (await lines(dir)).map(({ line }) => parseInt(line))
  assert.deepEqual([kept.length > 5, kept], [true, Array.from({ length: taken }, (_, i) => i)])
  assert.ok(await totalBytes(dir) <= maxBytes)

  const newest = (await files(dir)).at(-1)!
  await rename(join(dir, newest.name), join(dir, 'taken-away.ndjson'))
  await letters.write(entry('there is room'))
  assert.equal(letters.blocked, false)
  assert.equal(await readFile(join(dir, 'taken-away.ndjson'), 'utf8'), newest.text, 'what was moved away is not written to any more')
  await rm(join(dir, 'taken-away.ndjson'))
  assert.equal((await lines(dir)).at(-1)?.line, 'there is room')
})

test('a line that has no room in an empty directory deletes nothing, and waits too', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir, { maxBytes: 2_000, whenFull: 'delete', onDeleted: file => { assert.fail(`${file} was deleted`) } })
  await letters.write(entry('kept'))
  await assert.rejects(letters.write(entry('x'.repeat(2_000))), /raise LOKEAN_DEAD_LETTER_BYTES/)
  assert.equal(letters.blocked, true)
  await letters.write(entry('kept too'))
  assert.equal(letters.blocked, false)
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['kept', 'kept too'])
})

test('counts what an earlier process left, and leaves other files alone', async t => {
  const dir = await temporary(t)
  const earlier = await opened(t, dir, { maxBytes: 20_000 })
  for (let i = 0; i < 40; i++) await earlier.write(entry('x'.repeat(300)))
  await earlier.close()
  await writeFile(join(dir, 'notes.txt'), 'y'.repeat(50_000))
  await assert.rejects((await opened(t, dir, { maxBytes: 10_000 })).write(entry('new')), /no room/)
  const before = (await readdir(dir)).length
  const letters = await opened(t, dir, { maxBytes: 10_000, whenFull: 'delete', now: () => START - 60_000 })
  await letters.write(entry('new'))
  assert.ok((await readdir(dir)).length < before)
  assert.ok(await totalBytes(dir) - 50_000 <= 10_000)
  await rm(join(dir, 'notes.txt'))
  assert.equal((await lines(dir)).at(-1)?.line, 'new', 'its file is the newest by name too, though the clock was set back')
})

test('the bytes in use are those on disk, also after somebody has moved files away', async t => {
  const dir = await temporary(t)
  const earlier = await opened(t, dir)
  await earlier.write(entry('one'))
  await earlier.close()
  const letters = await opened(t, dir)
  assert.deepEqual([letters.bytes(), letters.maxBytes], [await totalBytes(dir), 1_000_000])
  await letters.write(entry('two'))
  assert.equal(letters.bytes(), await totalBytes(dir))
  await rm(dir, { recursive: true })
  await mkdir(dir)
  await until('the directory is measured anew', () => letters.bytes() === 0)
})

test('only its own user may read what it makes, whatever the umask', async t => {
  const made = join(await temporary(t), 'made', 'by-it')
  const before = process.umask(0o000)
  t.after(() => process.umask(before))
  for (const mask of [0o000, 0o377]) {
    const letters = await opened(t, made, { now: () => START + mask })
    process.umask(mask)
    await letters.write(entry('secret'))
    process.umask(0o000)
  }
  const paths = ['..', '.', ...await readdir(made)].map(name => join(made, name))
  assert.deepEqual(await Promise.all(paths.map(async path => (await stat(path)).mode & 0o777)), [0o700, 0o700, 0o600, 0o600])
})

test('a write resolves when the file, and its name in the directory, are on disk', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir, { maxBytes: 3_000, whenFull: 'delete' })
  const { prototype, sync } = await fileHandles(dir)
  const synced: string[] = []
  let disk = new Deferred<undefined>()
  t.mock.method(prototype, 'sync', async function (this: FileHandle) {
    synced.push((await this.stat()).isDirectory() ? 'directory' : 'file')
    await disk.promise
    await sync.call(this)
  })
  let written = false
  const writing = letters.write(entry('x'.repeat(200))).then(() => { written = true })
  for (const step of [['directory'], ['directory', 'file']]) {
    await until('it waits for the disk', () => synced.length === step.length)
    await turn()
    assert.deepEqual([synced, written], [step, false])
    const done = disk
    disk = new Deferred()
    done.resolve(undefined)
  }
  await writing
  disk.resolve(undefined)
  while (synced.length < 30) await letters.write(entry('x'.repeat(200)))
  assert.deepEqual(synced.slice(-3), ['directory', 'directory', 'file'], 'after a file was deleted, and one begun')
})

test('a write that fails half-way leaves no half line and no empty file', async t => {
  const dir = await temporary(t)
  const letters = await opened(t, dir)
  const { prototype, appendFile } = await fileHandles(dir)
  let half = true
  t.mock.method(prototype, 'appendFile', async function (this: FileHandle, line: Uint8Array) {
    await appendFile.call(this, half ? line.subarray(0, 10) : line)
    if (half) throw new Error('ENOSPC: no space left on device')
  })
  await assert.rejects(letters.write(entry('one')), /ENOSPC/)
  assert.deepEqual(await files(dir), [])
  half = false
  await letters.write(entry('one'))
  half = true
  await assert.rejects(letters.write(entry('two')), /ENOSPC/)
  half = false
  await letters.write(entry('two'))
  assert.deepEqual((await lines(dir)).map(({ line }) => line), ['one', 'two'])
})

/** The prototype of Node's file handles, and its methods as they are. */
async function fileHandles (dir: string): Promise<{ prototype: FileHandle } & Pick<FileHandle, 'sync' | 'appendFile'>> {
  const handle = await open(dir, 'r')
  await handle.close()
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  const { sync, appendFile } = prototype
  return { prototype, sync, appendFile }
}

test('two files of the same millisecond, and of a clock that was set back, keep their order', async t => {
  const dir = await temporary(t)
  let now = START
  const letters = await opened(t, dir, { maxBytes: 5_000, now: () => now })
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
      DeadLetters.open({ dir: path, maxBytes: 1_000, whenFull: 'block' }),
      (error: Error) => error instanceof ConfigError && error.message.includes('LOKEAN_DEAD_LETTER_DIR') && error.message.includes(path)
    )
  }
})

test('a directory that may not be written to is a wrong setting', { skip: process.getuid?.() === 0 && 'root may write anywhere' }, async t => {
  const dir = join(await temporary(t), 'locked')
  await mkdir(dir, { mode: 0o500 })
  await assert.rejects(DeadLetters.open({ dir, maxBytes: 1_000, whenFull: 'block' }), ConfigError)
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
