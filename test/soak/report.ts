import { figure } from '../../bench/report/numbers.ts'
import type { SoakProgress, SoakResult } from './soak.ts'

const whole = (value: number): string => Math.round(value).toLocaleString('en')

/** Describes in one line what was sent and settled, what went wrong, and how large the programs are. */
export function progressLine ({ counts, faults, rssMb, ending }: SoakProgress): string {
  const kinds = [...faults].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`).join(', ')
  const rss = rssMb.map(mb => Number.isNaN(mb) ? '-' : whole(mb)).join(' ')
  return `${ending ? 'ending; ' : ''}${whole(counts.sent)} sent, ${whole(counts.accepted)} settled, ${whole(counts.resent)} sent again; RSS ${rss} MB; faults: ${kinds === '' ? 'none yet' : kinds}`
}

export function soakReport (result: SoakResult): string {
  const faults = Object.entries(result.faults).map(([kind, count]) => `  ${whole(count).padStart(6)}  ${kind}`)
  const lives = result.memory.map(({ seconds, firstMb, lastMb, peakMb, mbPerHour }) =>
    `  ${whole(seconds).padStart(6)} s: ${whole(firstMb)} MB at first, ${whole(lastMb)} MB at last, ${whole(peakMb)} MB at most` +
    (mbPerHour === null ? '' : `, ${mbPerHour >= 0 ? '+' : ''}${figure(mbPerHour)} MB/hour`))
  return [
    `${whole(result.seconds)} s, seed ${result.seed}: ${whole(result.sent)} records sent, ${whole(result.stored)} stored, ` +
      `${whole(result.missing)} missing, ${whole(result.doubled)} doubled`,
    `(${whole(result.resent)} sent again, ${whole(result.pushedAgain)} pushed again; ${whole(result.cameAgain)} came to Loki again, ` +
      `of which it has stored ${whole(result.storedTwice)} twice; ` +
      `${whole(result.quarantined)} in quarantine` +
      (result.unsettled === 0 ? '' : `, ${whole(result.unsettled)} never settled`) +
      (result.rejected === 0 ? '' : `, ${whole(result.rejected)} rejected`) +
      `${result.other === 0 ? '' : `, ${whole(result.other)} that nobody sent`})`,
    'Faults:',
    ...faults,
    `Memory of the longest lives of ${whole(result.programs)} programs:`,
    ...lives,
    ''
  ].join('\n')
}

/** Counts the records that make the soak fail. */
export function wrong ({ missing, doubled, unsettled, rejected, other }: SoakResult): number {
  return missing + doubled + unsettled + rejected + other
}
