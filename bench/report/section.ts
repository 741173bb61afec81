import { renewedText } from '../outcome/renew.ts'
import type { BenchResult } from '../outcome/results.ts'
import { charts } from './charts.ts'
import { machineLine } from './page.ts'
import { figure, percent } from './numbers.ts'
import { ordinarySentence } from './ordinary.ts'
import { plural, records } from './select.ts'
import { targetsTable } from './targets.ts'

/** The folder of the page and the charts, relative to `bench/README.md`. */
const FOLDER = 'results'

/** Writes what `bench/README.md` begins with: the targets, two charts, and a link to the rest. */
export function performanceSection (result: BenchResult): string {
  const drawn = new Set(charts(result).map(([name]) => name))
  const pictures = [['cpu.svg', 'CPU per record by records a message'], ['latency.svg', 'latency percentiles by load']]
    .filter(([name]) => drawn.has(name)).map(([name, alternative]) => `![${alternative}](${FOLDER}/${name})\n`)
  const renewed = renewedText(result)
  return [
    `Measured on ${result.at.slice(0, 10)}: ${machineLine(result.machine)}.${renewed === '' ? '' : ` Anew: ${renewed}.`}`,
    floorSentence(result),
    ...[ordinarySentence(result)].filter(sentence => sentence !== ''),
    '',
    targetsTable(result),
    ...pictures,
    `[All figures](${FOLDER}/README.md), with their spread.`,
    ''
  ].join('\n')
}

function floorSentence ({ floor, pipeline = [] }: BenchResult): string {
  const fastest = pipeline.reduce<typeof pipeline[number] | undefined>(
    (best, one) => best === undefined || one.recordsPerSecond > best.recordsPerSecond ? one : best, undefined
  )
  const missing = pipeline.reduce((sum, one) => sum + one.missing + one.doubled, 0)
  const sent = pipeline.reduce((sum, one) => sum + one.sent, 0)
  return [
    floor === undefined ? '' : `The floor, ${figure(floor.usPerRecord)} µs a record here, is the plain way: ${floor.what}.`,
    fastest === undefined ? '' : `The most was ${figure(fastest.recordsPerSecond)} records/s (${records(fastest.recordsPerMessage)} a message, ${plural(fastest.workers, 'worker')}), bus and store on the same machine.`,
    sent === 0 ? '' : `Of ${sent.toLocaleString('en')} records sent, ${missing === 0 ? 'none was missing or doubled' : `${missing} were missing or doubled (${percent(missing / sent)})`}.`
  ].filter(sentence => sentence !== '').join('\n')
}
