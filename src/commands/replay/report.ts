import type { ReplayOptions } from '../../cli/arguments.ts'
import type { Span } from './quarantine.ts'
import type { Left, LeftReason, Tally } from './tally.ts'

/** The last line of `--json`. */
export interface Report {
  /** Nothing was sent: `replayed` is what would be. */
  dryRun: boolean
  /** RFC 3339. */
  from: string
  to: string
  found: number
  /** Replayed by an earlier run. */
  marked: number
  replayed: number
  again: Record<string, number>
  left: Record<string, { count: number, samples: Left[] }>
  leftTotal: number
  /** Whether the run ended before it had read all: by a signal, by `--limit`, by an error. */
  stopped: boolean
  limited: boolean
  error: string | undefined
  seconds: number
}

/** What is known of what is left. The other reasons are those of quarantine: the settings still cause them. */
const HINTS: Partial<Record<LeftReason, string>> = {
  incomplete: 'pieces of the line are missing: --from or --since may have cut it off',
  damaged: 'the base64 has not as many bytes as its line says',
  untold: 'metadata tells neither its time nor its labels (LOKEAN_METADATA was off)',
  unknown_address: 'its address is not among those of the settings',
  unreadable: 'no dead letter: the file is another\'s, or was cut off',
  too_old: 'older than LOKEAN_LOKI_MAX_AGE: Loki takes it no more',
  refused: 'Loki refuses it again'
}

export function reportOf (
  tally: Tally, span: Span, options: ReplayOptions, run: Pick<Report, 'stopped' | 'limited' | 'error' | 'seconds'>
): Report {
  const { found, marked, replayed, again, left, leftTotal } = tally
  return {
    dryRun: !options.yes,
    from: timeText(span.from),
    to: timeText(span.to),
    found,
    marked,
    replayed,
    again: Object.fromEntries(again),
    left: Object.fromEntries(left),
    leftTotal,
    ...run
  }
}

export function describe (report: Report, what: string): string {
  const { dryRun, from, to, found, marked, replayed, again, left, leftTotal, stopped, limited, error } = report
  const number = (value: number): string => value.toLocaleString('en').padStart(11)
  const lines = [
    `${what}, put aside from ${from} to ${to}`,
    `${number(found)} found that no run has replayed; ${marked.toLocaleString('en')} more are replayed already`,
    `${number(replayed)} ${dryRun ? 'would be replayed' : 'replayed'}`,
    ...Object.entries(again).map(([reason, count]) => `${number(count)} records of them ${dryRun ? 'would be' : 'are'} in quarantine again: ${reason}`),
    `${number(leftTotal)} left where they are`,
    ...Object.entries(left).flatMap(([reason, { count, samples }]) => [
      `${number(count)}   ${reason}${hintOf(reason as LeftReason)}`,
      ...samples.map(({ timestamp, line, detail }) => `              ${[timestamp && timeText(BigInt(timestamp)), detail, JSON.stringify(line)].filter(Boolean).join('  ')}`)
    ])
  ]
  if (error !== undefined) lines.push(`Ended by an error: ${error}. Another run goes on from here.`)
  else if (stopped) lines.push('Stopped before the end. Another run goes on from here.')
  else if (limited) lines.push('Ended by --limit. Another run goes on from here.')
  if (dryRun && replayed > 0) lines.push('Nothing was sent. With --yes, it is done.')
  return `${lines.join('\n')}\n`
}

function hintOf (reason: LeftReason): string {
  const hint = HINTS[reason]
  return hint === undefined ? ' again, with the present settings' : `: ${hint}`
}

function timeText (nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString()
}
