import { encodeMessage } from '../../generator/message.ts'
import { renderRecord, renderSyslog } from '../../generator/records.ts'
import type { Generator } from '../../generator/generator.ts'

/** The source of the canary's records, by which they are found. */
export const SOURCE = 'lokean-canary'

export interface NumberedOptions {
  host: string
  cloud: string
  /** Tells the records of one run from those of others. */
  run: string
  /** `amqp`: a message of the bus. The others are records as they travel alone. */
  form: 'amqp' | 'json' | 'rfc5424'
  onMade: (number: number, at: number) => void
  now: () => number
}

/** In front of the number in each line of a run. */
export function markerOf (run: string): string {
  return `canary ${run} seq=`
}

/** Makes one record at a time: an ordinary one, of the source `lokean-canary`, with a number that counts from 0. */
export function numberedRecords ({ host, cloud, run, form, onMade, now }: NumberedOptions): Generator {
  let made = 0
  return {
    seed: 0,
    recordsPerMessage: 1,
    hosts: [{ name: host, role: 'controller', cloud, region: '' }],
    get sent () { return made },
    next () {
      const at = now()
      const number = made++
      const record = {
        timestamp: new Date(at).toISOString(),
        host,
        cloud,
        region: '',
        source: SOURCE,
        tag: `${SOURCE}:`,
        severity: '6',
        facility: 'daemon',
        file: '',
        message: `${markerOf(run)}${number}`
      }
      onMade(number, at)
      const text = Buffer.from(form === 'rfc5424' ? renderSyslog(record) : renderRecord(record))
      return { message: form === 'amqp' ? encodeMessage([text]) : text, records: 1, host: 0 }
    }
  }
}
