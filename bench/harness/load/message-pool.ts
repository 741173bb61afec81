import { createGenerator } from '../../../src/generator/generator.ts'
import { CLASSIC_SOURCES } from '../../../src/generator/sources.ts'
import { MESSAGE_HEAD } from '../../../src/generator/message.ts'

/** Enough for every host to log with nearly each of its programs: 100 hosts have some 2,000 streams. */
const RECORDS_PER_HOST = 200
/** A smaller pool would fit into a processor's cache. */
const MIN_RECORDS = 2_000
const TIMESTAMP_KEY = '"@timestamp":"'
const NUMBER_KEY = Buffer.from(' seq=')
export const TIMESTAMP_BYTES = 26
export const NUMBER_BYTES = 10
const STR8 = 0xa1

export interface PoolOptions {
  recordsPerMessage: number
  /** The number of machines that log. Each message comes from one of them. */
  hosts: number
  seed?: number
  /** Makes each record of the pool begin a stream of its own, so many in all. `hosts` does not count then. */
  streams?: number
}

/** A whole AMQP message as omamqp1 makes it, and the places of the digits that change with each sending. */
export interface PooledMessage {
  bytes: Buffer
  /** For each record, the start of its time (`2026-11-22T08:00:00.123456`, TIMESTAMP_BYTES long). */
  times: Int32Array
  /** For each record, the start of the number behind ` seq=` (NUMBER_BYTES long). */
  numbers: Int32Array
}

export interface MessagePool {
  readonly hosts: number
  readonly recordsPerMessage: number
  /** Message `i` comes from host `i % hosts`. Every host has equally many. */
  readonly messages: readonly PooledMessage[]
}

/**
 * Makes the messages that a run sends over and over, each time with new times and numbers. Equal options make equal
 * pools.
 */
export function createPool ({ recordsPerMessage, hosts, seed = 1 }: PoolOptions): MessagePool {
  const generator = createGenerator({ hosts, recordsPerMessage, seed, sources: CLASSIC_SOURCES })
  const rounds = Math.ceil(poolRecordsOf(hosts) / recordsPerMessage / hosts)
  const messages = Array.from({ length: rounds * hosts }, () => findDigits(generator.next().message))
  return { hosts, recordsPerMessage, messages }
}

export function poolRecordsOf (hosts: number): number {
  return Math.max(hosts * RECORDS_PER_HOST, MIN_RECORDS)
}

/** Throws where a record lacks these digits, because the generator did not make it. */
export function findDigits (bytes: Buffer): PooledMessage {
  const times: number[] = []
  const numbers: number[] = []
  for (const { start, end } of recordsOf(bytes)) {
    const time = bytes.indexOf(TIMESTAMP_KEY, start, 'latin1') + TIMESTAMP_KEY.length
    const number = bytes.subarray(start, end).lastIndexOf(NUMBER_KEY) + start + NUMBER_KEY.length
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/.test(bytes.toString('latin1', time, time + TIMESTAMP_BYTES)) ||
      !/^\d{10}$/.test(bytes.toString('latin1', number, number + NUMBER_BYTES))) {
      throw new Error(`a record without a time or a number to change: ${bytes.toString('latin1', start, end)}`)
    }
    times.push(time)
    numbers.push(number)
  }
  return { bytes, times: Int32Array.from(times), numbers: Int32Array.from(numbers) }
}

/** Yields where each record's JSON lies in a message from `encodeMessage`. */
export function * recordsOf (message: Buffer): Generator<{ start: number, end: number }> {
  for (let at = MESSAGE_HEAD; at < message.length;) {
    const narrow = message[at] === STR8
    const start = at + (narrow ? 2 : 5)
    at = start + (narrow ? message[at + 1] : message.readUInt32BE(at + 1))
    yield { start, end: at }
  }
}
