import { machineLine } from '../../bench/report/page.ts'
import { table } from '../../bench/report/numbers.ts'
import { dayAfter } from '../../bench/report/sizing.ts'
import type { CaughtUp, Run } from './results.ts'

const HEAD = ['part', 'fault', 'records sent', 'stored', 'missing', 'resent', 'stored twice', 'recovered after'] as const

/** Writes the table of faults of `test/README.md`, with the time and the machine of the run. */
export function faultsSection ({ at, machine, results }: Run): string {
  const whole = (value: number): string => value.toLocaleString('en')
  return [
    `Run on ${at.slice(0, 10)}: ${machineLine(machine)}.`,
    '',
    table(HEAD, results.map(({ group, name, sent, stored, missing, resent, storedTwice, recoverySeconds }) => [
      group, name, whole(sent), whole(stored), whole(missing), whole(resent), whole(storedTwice),
      recoverySeconds === undefined ? '–' : seconds(recoverySeconds)
    ]), 2),
    ...results.flatMap(({ caughtUp }) => caughtUp === undefined ? [] : dayAfterLine(caughtUp))
  ].join('\n')
}

/** The hosts of the sum: a large cloud. */
const HOSTS = 2_000

function dayAfterLine ({ outageSeconds, seconds: took, mostLag, streams }: CaughtUp): string {
  const sum = dayAfter(HOSTS)
  return `The day after, in miniature: disk queues with the records of ${seconds(outageSeconds)}, their times spread over ${sum.outageHours} hours, were empty after ${seconds(took)}; ` +
    `new records beside them were ${seconds(mostLag)} late at the most, and Loki had ${streams.toLocaleString('en')} streams. ` +
    `The sum for ${HOSTS.toLocaleString('en')} hosts and ${sum.outageHours} hours, with the limits under [Sizing](../deploy/README.md#sizing): ` +
    `${Math.round(sum.hours * 60)} minutes, and ${sum.streams.toLocaleString('en')} streams.`
}

/** A recovery below a tenth of a second takes no time worth a figure. */
function seconds (value: number): string {
  return value < 0.1 ? 'under 0.1 s' : `${value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })} s`
}
