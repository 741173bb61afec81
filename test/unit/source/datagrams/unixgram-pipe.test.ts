import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { FrameTaker, writeFrame } from '../../../../src/source/datagrams/unixgram-pipe.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { turn } from '../../../helpers/until.ts'

test('frames come out as they went in, however they are cut', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-'))
  Cleanup.of(t).add(() => { rmSync(dir, { recursive: true }) })
  const frames = [
    { payload: Buffer.from('{}'), cost: 0 }, { payload: Buffer.alloc(300_000, 'm'), cost: 300_320 }, { payload: Buffer.of(1), cost: 321 }
  ]
  const fd = openSync(join(dir, 'pipe'), 'w')
  for (const { payload, cost } of frames) writeFrame(fd, payload, cost)
  closeSync(fd)
  const bytes = readFileSync(join(dir, 'pipe'))
  for (const step of [1, 7, 65_536, bytes.length]) {
    const stream = new PassThrough({ highWaterMark: 2 ** 20 })
    stream.on('readable', () => {})
    const taker = new FrameTaker(stream)
    const taken: Array<{ payload: Buffer, cost: number }> = []
    for (let at = 0; at < bytes.length; at += step) {
      stream.write(bytes.subarray(at, at + step))
      if (step > 7 || at < 20 || at > bytes.length - 20) {
        for (let frame = taker.next(Infinity); frame !== undefined; frame = taker.next(Infinity)) taken.push({ ...frame })
      }
    }
    assert.deepEqual(taken, frames, `in steps of ${step}`)
  }
})

test('a frame that a process was killed in the middle of is dropped', async () => {
  for (const bytes of [Buffer.of(0, 0, 0), Buffer.of(0, 0, 0, 9, 0, 0, 1, 1, 1, 2, 3)]) {
    const stream = new PassThrough()
    stream.on('readable', () => {})
    const taker = new FrameTaker(stream)
    stream.end(bytes)
    assert.equal(taker.next(Infinity), undefined)
    await turn()
    assert.equal(taker.next(Infinity), undefined)
    assert.equal(taker.next(Infinity), undefined)
  }
})

test('a frame that costs more than there is room for stays where it is, and a report does not', () => {
  const stream = new PassThrough()
  stream.on('readable', () => {})
  const taker = new FrameTaker(stream)
  stream.write(Buffer.of(0, 0, 0, 2, 0, 0, 0, 0, 0x7b, 0x7d, 0, 0, 0, 1, 0, 0, 1, 0, 9))
  assert.deepEqual(taker.next(-5), { payload: Buffer.from('{}'), cost: 0 })
  assert.equal(taker.next(255), undefined)
  assert.deepEqual(taker.next(256), { payload: Buffer.of(9), cost: 256 })
})
