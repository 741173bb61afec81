import { Fields } from '../../src/worker/input/fields.ts'
import { SyslogReader } from '../../src/worker/input/syslog.ts'
import { Kernel, SCAN } from '../../src/worker/kernel/kernel.ts'
import type { MicroResult } from '../outcome/results.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { RECORDS_A_MESSAGE, SETTINGS, sampleMessages } from './sample.ts'

/**
 * Compares the same records as senders write them: JSON of rsyslog's template, RFC 5424, and the traditional format of
 * files. All are read to their fields and the time in the kernel. A record with a header of syslog may cost twice as
 * much as one in JSON.
 */
export async function syslog (effort: Effort): Promise<MicroResult[]> {
  const messages = sampleMessages()
  const kernel = new Kernel()
  const fields = new Fields(SETTINGS, kernel)
  const reader = new SyslogReader(kernel, fields, () => { throw new Error('every record is UTF-8') }, () => {})
  const json = messages.map(({ bytes, starts, ends }) => starts.map((start, i) => bytes.subarray(start, ends[i])))
  const records = json.map(batch => batch.map(record => JSON.parse(record.toString()) as Record<string, string>))
  const rfc5424 = records.map(batch => batch.map(record => Buffer.from(
    `<13>1 ${record['@timestamp']} ${record.host} ${record.source} ${pidOf(record) ?? '-'} - - ${record.message}\n`
  )))
  const traditional = records.map(batch => batch.map(record => Buffer.from(
    `${bsd(record['@timestamp'])} ${record.host} ${record.source}${pidOf(record) === undefined ? '' : `[${pidOf(record)}]`}: ${record.message}\n`
  )))
  kernel.window(2 * Math.max(...[...json, ...rfc5424, ...traditional].map(batch => Buffer.concat(batch).length)))
  reader.begin(Date.now() / 1000, 0)

  const outcome = (): string[] => ['host', 'source', 'message'].map(name => {
    const slot = fields.slot(name)
    return kernel.bytes.toString('utf8', fields.start(slot), fields.end(slot)).trim()
  })
  const read = (batches: readonly Buffer[][], one: (record: Buffer, at: number) => void) => {
    const joined = batches.map(batch => Buffer.concat(batch))
    return (look?: Look): void => {
      for (const [i, batch] of batches.entries()) {
        let at = kernel.input(joined[i])
        for (const record of batch) {
          one(record, at)
          const [start, end] = [fields.start(0), fields.end(0)]
          if (kernel.run.parseTimestamp(start, end) === 0) throw new Error('a time was not read')
          look?.(outcome())
          at += record.length
        }
      }
    }
  }
  const scan = (record: Buffer, at: number): void => {
    if (kernel.run.scan(at, at + record.length) === SCAN.LEFT) throw new Error('the scanner left a record')
  }
  const header = (record: Buffer, at: number): void => {
    if (reader.read(record, at) !== 'syslog') throw new Error('no header was read')
  }
  return [await compare({
    question: 'record of each format to its fields',
    unit: 'µs a record',
    per: messages.length * RECORDS_A_MESSAGE,
    alternatives: [
      { name: 'JSON of the template', chosen: true, run: read(json, scan) },
      { name: 'RFC 5424', run: read(rfc5424, header) },
      { name: 'traditional format of files', run: read(traditional, header) }
    ]
  }, effort)]
}

function pidOf ({ tag }: Record<string, string>): string | undefined {
  return /\[(\d+)\]/.exec(tag)?.[1]
}

function bsd (time: string): string {
  const [, day, month, clock] = /^\w+, (\d\d) (\w+) \d+ (\S+)/.exec(new Date(time).toUTCString())!
  return `${month} ${day.replace(/^0/, ' ')} ${clock}`
}
