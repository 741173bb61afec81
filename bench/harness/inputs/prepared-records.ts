import { createGenerator, type GeneratedMessage, type Generator } from '../../../src/generator/generator.ts'
import { seededRandom } from '../../../src/generator/random.ts'
import { oneByOne, type RecordForm } from '../../../src/generator/record-form.ts'
import { Digits } from '../load/digits.ts'
import { NUMBER_BYTES, poolRecordsOf, TIMESTAMP_BYTES } from '../load/message-pool.ts'

interface PreparedRecord { bytes: Buffer, time: number, number: number }

/**
 * Replaces the generator of single records by a pool of them, which cost their sender a fraction. Each is a copy with a
 * new time and number, the times strictly increasing over all records.
 */
export function preparedRecords (
  { hosts, form, seed = 1, first = 0 }: { hosts: number, form: RecordForm, seed?: number, first?: number }, now: () => number = Date.now
): Generator {
  const generator = oneByOne(createGenerator({ hosts, recordsPerMessage: 1, seed }), form)
  const rounds = Math.ceil(poolRecordsOf(hosts) / hosts)
  const pool = Array.from({ length: rounds * hosts }, (_, i) => findDigits(generator.next(1, i % hosts).message))
  const digits = new Digits()
  const random = seededRandom(seed)
  let turn = 0
  let sent = 0
  let last = 0
  return {
    seed,
    recordsPerMessage: 1,
    hosts: generator.hosts,
    get sent () { return sent },
    next (_maxRecords, host = turn): GeneratedMessage {
      if (host === turn) turn = (turn + 1) % hosts
      const { bytes, time, number } = pool[host + hosts * (random() % rounds)]
      const message = Buffer.from(bytes)
      last = Math.max(last + 1, Math.floor(now() * 1000))
      const second = Math.floor(last / 1e6)
      digits.time(message, time, second, last - second * 1e6)
      digits.number(message, number, first + sent++)
      return { message, records: 1, host }
    }
  }
}

/** Its own time is the first in a record, and its number the last. */
function findDigits (bytes: Buffer): PreparedRecord {
  const text = bytes.toString('latin1')
  const time = text.search(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}/)
  const number = text.lastIndexOf(' seq=') + ' seq='.length
  if (time < 0 || time + TIMESTAMP_BYTES > number || !/^\d+$/.test(text.slice(number, number + NUMBER_BYTES))) {
    throw new Error(`a record without a time or a number to change: ${text}`)
  }
  return { bytes, time, number }
}
