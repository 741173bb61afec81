import type { Config } from '../../config/config.ts'
import { formatHostPort } from '../../config/endpoints.ts'
import type { Finding } from './finding.ts'
import type { LimitsFinding } from './limits.ts'
import type { LokiFinding } from './loki.ts'
import type { StoredForm } from './sample.ts'

/** What was found by connecting. */
export interface Tried {
  bus: Finding
  loki: LokiFinding[]
  limits: LimitsFinding[]
  admin: Finding
}

/** All that the check found. `tried` is undefined where it connected to nothing. */
export interface Report {
  warnings: string[]
  tried: Tried | undefined
  record: StoredForm
  others: StoredForm[]
}

/** The report for people. */
export function describe (config: Config, { warnings, tried, record, others }: Report): string {
  return [
    ...warnings.map(warning => `note   ${warning}`),
    ...tried === undefined ? ['ok     the settings, and the files that they name; nothing was connected to (--offline)'] : peers(config, tried),
    '',
    ...landing(config, record, others),
    ''
  ].join('\n')
}

function peers (config: Config, { bus, loki, limits, admin }: Tried): string[] {
  const hosts = config.amqp.urls.map(({ host, port }) => formatHostPort(host, port)).join(', ')
  return [
    ...lines('bus', bus, bus.ok ? `${hosts}: ` : ''),
    ...loki.flatMap(finding => lines('loki', finding, `${finding.url}: `)),
    ...limits.flatMap(({ tenant, warnings }) => {
      const whose = tenant === '' ? '' : `tenant ${tenant}: `
      return warnings.map(warning => `note   loki  ${whose}${warning}`)
    }),
    ...lines('admin', admin)
  ]
}

function landing (config: Config, record: StoredForm, others: readonly StoredForm[]): string[] {
  if (record.isEmpty) return ['Of a record like this nothing is stored: it holds nothing but NULs (lokean_records_empty_total counts it).']
  if (record.dropped !== undefined) return [`A record like this is not stored: the rule ${record.dropped} of LOKEAN_DROP takes it.`]
  return [
    record.quarantined === undefined ? 'A record lands so:' : `A record like this goes to quarantine (${record.quarantined}):`,
    ...(record.tenant === '' ? [] : [`  tenant     ${record.tenant}`]),
    `  stream     ${record.labels}`,
    `  timestamp  ${record.timestamp}`,
    `  line       ${JSON.stringify(record.line)}`,
    ...Object.entries(record.metadata).map(([name, value]) => `  ${name.padEnd(10)} ${value}`),
    `  format     ${record.format ?? 'none that is known'}`,
    ...Object.entries(record.from).map(([name, place]) => `             ${name} from the ${place}`),
    ...(record.line.includes('#012') && !config.unescapeNewlines
      ? ['             #012 may be a newline that rsyslog has escaped: LOKEAN_UNESCAPE_NEWLINES=on undoes that']
      : []),
    ...(record.redacted === undefined ? [] : [`  redacted   by ${record.redacted.join(', ')}`]),
    ...(record.mended.length === 0 ? [] : [`  mended     ${record.mended.join(', ')}`]),
    ...others.flatMap(({ address, tenant, labels }) => [
      '', `From ${address}:`, ...(tenant === '' ? [] : [`  tenant     ${tenant}`]), `  stream     ${labels}`
    ])
  ]
}

function lines (what: string, { ok, detail, hint }: Finding, where = ''): string[] {
  const line = `${ok ? 'ok    ' : 'MEND  '} ${what.padEnd(5)} ${where}${detail}`
  // A reason that names a setting needs no hint.
  return hint === undefined || detail.includes('LOKEAN_') ? [line] : [line, `             ${hint}`]
}
