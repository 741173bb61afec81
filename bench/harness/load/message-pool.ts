import { createGenerator } from '../../../src/generator/generator.ts'
import { MESSAGE_HEAD } from '../../../src/generator/message.ts'

/** Enough that every host has logged with nearly every one of its programs: some 2,000 streams of 100 hosts. */
const RECORDS_PER_HOST = 200
/** A pool is no smaller than what stays in a processor's cache. */
const MIN_RECORDS = 2_000
const TIMESTAMP_KEY = '"@timestamp":"'
const NUMBER_KEY = Buffer.from(' seq=')
export const TIMESTAMP_BYTES = 26
export const NUMBER_BYTES = 10
const STR8 = 0xa1

export interface PoolOptions {
  recordsPerMessage: number
  /** Machines that log; every message is of one of them. */
  hosts: number
  seed?: number
}

/** A whole AMQP message as omamqp1 makes it, and where in it stand the digits that differ each time it is sent. */
export interface PooledMessage {
  bytes: Buffer
  /** Of each record: the first of the TIMESTAMP_BYTES `2026-11-22T08:00:00.123456`. */
  times: Int32Array
  /** Of each record: the first of the NUMBER_BYTES behind ` seq=`. */
  numbers: Int32Array
}

export interface MessagePool {
  readonly hosts: number
  readonly recordsPerMessage: number
  /** Message `i` is of host `i % hosts`; every host has equally many. */
  readonly messages: readonly PooledMessage[]
}

/** The messages that a run sends over and over, each time with new times and numbers. The same options make the same pool. */
export function createPool ({ recordsPerMessage, hosts, seed = 1 }: PoolOptions): MessagePool {
  const generator = createGenerator({ hosts, recordsPerMessage, seed })
  const rounds = Math.ceil(poolRecordsOf(hosts) / recordsPerMessage / hosts)
  const messages = Array.from({ length: rounds * hosts }, () => findDigits(generator.next().message))
  return { hosts, recordsPerMessage, messages }
}

export function poolRecordsOf (hosts: number): number {
  return Math.max(hosts * RECORDS_PER_HOST, MIN_RECORDS)
}

/** Throws where a record has no such digits: then it is not of our generator. */
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

/** Where each record's JSON lies in a message that `encodeMessage` made. */
export function * recordsOf (message: Buffer): Generator<{ start: number, end: number }> {
  for (let at = MESSAGE_HEAD; at < message.length;) {
    const narrow = message[at] === STR8
    const start = at + (narrow ? 2 : 5)
    at = start + (narrow ? message[at + 1] : message.readUInt32BE(at + 1))
    yield { start, end: at }
  }
}
