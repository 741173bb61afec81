import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SyslogFrames, type FrameFault } from '../../src/source/syslog/frames.ts'

/**
 * What real senders write, and what a good receiver makes of it. The bytes come over one connection, which ends then. A
 * field that is not named is free, and one that is null is absent. `peer`: the connection's address. `receive`: the time
 * of arrival.
 */
export interface SyslogCase {
  id: string
  /** What arrived on the connection, in one piece. */
  stream: Buffer
  why: string
  expect: { records: ExpectedRecord[], error?: string, alternatives?: string[] }
}

export interface ExpectedRecord {
  message?: string
  messageContains?: string
  host?: string | null
  source?: string | null
  procid?: string | null
  severity?: number | null
  facility?: number | null
  time?: string
  sd?: Record<string, Record<string, string>> | null
}

/** When they were received; `r3-new-year` at the time that its name says. */
export const RECEIVED = Date.UTC(2026, 10, 27, 10, 5)
export const receivedAt = ({ id }: SyslogCase): number => id === 'r3-new-year' ? Date.UTC(2027, 0, 1) : RECEIVED

const FOLDER = join('test', 'fixtures', 'syslog')

export const SYSLOG_CASES: readonly SyslogCase[] = readFileSync(join(FOLDER, 'cases.ndjson'), 'utf8').trim().split('\n').map(line => {
  const { bytes, ...rest } = JSON.parse(line) as Omit<SyslogCase, 'stream'> & { bytes: string }
  return { ...rest, stream: Buffer.from(bytes, 'base64') }
})

/** What rsyslog, util-linux's logger and Python wrote on one connection. */
export const SYSLOG_CAPTURES: ReadonlyArray<{ id: string, stream: Buffer }> = [
  'logger-rfc3164', 'omfwd-rfc5424-counted', 'omfwd-traditional', 'python-sysloghandler'
].map(id => ({ id, stream: readFileSync(join(FOLDER, `${id}.bin`)) }))

export interface Framed { records: Buffer[], faults: FrameFault[] }

/** Reads a whole connection, cut into these pieces. */
export function framed (pieces: readonly Buffer[], mostBytes = 64 * 1024): Framed {
  const records: Buffer[] = []
  const faults: FrameFault[] = []
  const frames = new SyslogFrames(mostBytes, {
    fits: () => true,
    record: (bytes, start, end) => records.push(Buffer.from(bytes.subarray(start, end))),
    fault: fault => faults.push(fault)
  })
  let held = Buffer.alloc(0)
  for (const [i, piece] of pieces.entries()) {
    held = Buffer.concat([held, piece])
    held = held.subarray(frames.take(held, i === pieces.length - 1))
  }
  if (held.length > 0 || frames.isShort) faults.push('short')
  return { records, faults }
}
