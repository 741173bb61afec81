import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../errors.ts'
import { listFiles } from '../../sink/dead-letter-files.ts'
import type { RejectedEntry } from '../../worker/messages/tasks.ts'
import { labelValues } from '../../worker/streams/labels.ts'
import type { FoundEntry } from './found-entry.ts'

/** A line that is no dead letter: the file was cut off, or is another's. `place`: the file and the line's number. */
export interface Unreadable { place: string, line: string }

/** An entry of a file, with the time at which it was written there, in ms. */
export interface Letter { entry: FoundEntry, writtenMs: number }

const PAGE = 1_000
const NEWLINE = 0x0a

/** The dead-letter files of a directory, the oldest first, or the one file. */
export async function letterFiles (path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    return (await listFiles(path)).map(({ name }) => join(path, name))
  } catch (error) {
    throw new UsageError(`--dead-letters ${JSON.stringify(path)} cannot be read: ${(error as Error).message}`)
  }
}

/** When the first of the dead letters was written, in ms; undefined where there is none. */
export async function oldestLetter (path: string): Promise<number | undefined> {
  let oldest: number | undefined
  for (const file of await letterFiles(path)) {
    for await (const line of linesOf(file)) {
      const writtenMs = parseLetter(line)?.writtenMs
      if (writtenMs === undefined) continue
      if (oldest === undefined || writtenMs < oldest) oldest = writtenMs
      break
    }
  }
  return oldest
}

/** Reads dead letters in the order in which they were written, page by page. */
export async function * readLetters (files: readonly string[]): AsyncGenerator<{ letters: Letter[], unreadable: Unreadable[] }> {
  let page: { letters: Letter[], unreadable: Unreadable[] } = { letters: [], unreadable: [] }
  for (const file of files) {
    let number = 0
    for await (const line of linesOf(file)) {
      number++
      const letter = parseLetter(line)
      if (letter === undefined) page.unreadable.push({ place: `${file}:${number}`, line })
      else page.letters.push(letter)
      if (page.letters.length + page.unreadable.length < PAGE) continue
      yield page
      page = { letters: [], unreadable: [] }
    }
  }
  yield page
}

/** Lines end with a newline, and with nothing else that Unicode knows as the end of a line. */
async function * linesOf (file: string): AsyncGenerator<string> {
  let begun: Buffer[] = []
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let at = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      yield Buffer.concat([...begun, chunk.subarray(at, end)]).toString()
      begun = []
      at = end + 1
    }
    if (at < chunk.length) begun.push(chunk.subarray(at))
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString()
}

function parseLetter (text: string): Letter | undefined {
  try {
    const { time, tenant, stream, timestamp, line, metadata } = JSON.parse(text) as RejectedEntry & { time: string }
    const writtenMs = Date.parse(time)
    const labels = Object.fromEntries(labelValues(stream))
    const isWhole = [tenant, timestamp, line].every(value => typeof value === 'string') && /^\d{1,19}$/.test(timestamp) &&
      typeof metadata === 'object' && Object.keys(labels).length > 0 && !Number.isNaN(writtenMs)
    return isWhole ? { entry: { tenant, labels, timestamp, line, metadata }, writtenMs } : undefined
  } catch {
    return undefined
  }
}
