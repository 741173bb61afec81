import type { BenchResult } from '../outcome/results.ts'
import { figure } from './numbers.ts'
import { everydayAt, pipelineAt, records, USUAL } from './select.ts'

/** Writes the three figures of `README.md`, one a line. What was not measured is left out. */
export function headlineFigures (result: BenchResult): string {
  const [usual, day, { floor, stall }] = [pipelineAt(result), everydayAt(result), result]
  return [
    usual === undefined || floor === undefined
      ? ''
      : `- **${figure(usual.usPerRecord)} µs of CPU a record** under full load, at ${records(USUAL.recordsPerMessage)} a message: ` +
        `${figure(usual.ratio)} of what UTF-8\n  decoding, \`JSON.parse\` and snappy alone take.`,
    day === undefined
      ? ''
      : `- **${figure(day.cores)} cores for ${day.hosts} hosts** on an ordinary day of ${day.recordsPerSecond.toLocaleString('en')} records/s, ` +
        `${records(day.recordsPerMessage)} a message.`,
    stall === undefined ? '' : `- **${figure(stall.peakRssMb)} MB of memory at its peak**, while Loki took nothing and all senders pressed.`
  ].filter(line => line !== '').join('\n')
}
