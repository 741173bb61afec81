import type { Generator } from './generator.ts'
import { MESSAGE_HEAD } from './message.ts'
import { type LogRecord, renderSyslog } from './records.ts'

/** How a record is written where it travels alone: by the JSON template, or as RFC 5424. */
export const RECORD_FORMS = ['json', 'rfc5424'] as const
export type RecordForm = typeof RECORD_FORMS[number]

const STR8 = 0xa1

/** Gives the records of a generator one by one, without AMQP around them. They are the same records in each form. */
export function oneByOne (generator: Generator, form: RecordForm): Generator {
  return {
    seed: generator.seed,
    hosts: generator.hosts,
    recordsPerMessage: 1,
    get sent () { return generator.sent },
    next (_maxRecords, host) {
      const { message, ...rest } = generator.next(1, host)
      const record = onlyRecord(message)
      return { ...rest, message: form === 'json' ? record : toSyslog(record) }
    }
  }
}

/** The bytes of the only record of an AMQP message of the generator. */
function onlyRecord (message: Buffer): Buffer {
  return message.subarray(MESSAGE_HEAD + (message[MESSAGE_HEAD] === STR8 ? 2 : 5))
}

export function toSyslog (json: Buffer): Buffer {
  const { '@timestamp': timestamp, ...record } = JSON.parse(json.toString()) as { '@timestamp': string } & Omit<LogRecord, 'timestamp'>
  return Buffer.from(renderSyslog({ ...record, timestamp }))
}
