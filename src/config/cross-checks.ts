import { leastBudget } from '../source/budget/share-out.ts'
import { tenantOf } from './addresses.ts'
import { type Credentials, credentials } from './credentials.ts'
import { type CrossCheck, pairProblem } from './cross-check.ts'
import { HTTP_CHECKS } from './http-checks.ts'
import { LISTENER_CHECKS } from './listener-checks.ts'
import type { Values } from './options.ts'
import { isTenant, TENANT_ALLOWED } from './mapping.ts'
import { ROUTE_CHECKS } from './route-checks.ts'
import { SOURCES, sources } from './sources.ts'
import { formatBytes } from './units.ts'

/** The labels that every quarantine stream has. */
const QUARANTINE = { stream: 'quarantine stream', own: [{ name: 'source' }, { name: 'quarantine' }], from: 'source, quarantine' }

function loginProblem (found: Credentials, prefix: string): string | undefined {
  if (found.username !== undefined && found.password === undefined) return `${prefix}_USERNAME is set without ${prefix}_PASSWORD: set both or neither`
  if (found.password !== undefined && found.username === undefined) return `${prefix}_PASSWORD is set without ${prefix}_USERNAME: set both or neither`
  return undefined
}

/** A login at Loki: a user with a password, or a token, or none. */
function lokiLogin (prefix: 'LOKEAN_LOKI' | 'LOKEAN_LOKI_QUERY'): CrossCheck[] {
  const [url, user, password, token] = [`${prefix}_URL`, `${prefix}_USERNAME`, `${prefix}_PASSWORD`, `${prefix}_TOKEN`] as const
  return [
    { reads: [url, user, password], problem: (v) => loginProblem(credentials(v[url], v[user], v[password]), prefix) },
    {
      reads: [url, user, password, token],
      problem: (v) => {
        if (v[token] === undefined || credentials(v[url], v[user], v[password]).username === undefined) return undefined
        return `${token} is set together with ${v[user] === undefined ? `a user name in ${url}` : user}: Loki takes one of them`
      }
    }
  ]
}

function labelsProblem (v: Values): string | undefined {
  for (const { name: setting, address, labels } of sources(v)) {
    const given = [...v.LOKEAN_LOKI_LABELS ?? [], ...labels]
    for (const { stream, own, from } of [{ stream: 'stream', own: v.LOKEAN_LABELS, from: 'LOKEAN_LABELS' }, QUARANTINE]) {
      const { size } = new Set([...own, ...given].map(({ name }) => name))
      if (size > v.LOKEAN_LOKI_MAX_LABELS) return `LOKEAN_LOKI_MAX_LABELS is ${v.LOKEAN_LOKI_MAX_LABELS}: a ${stream} of ${JSON.stringify(address)} would have ${size} labels (${from}, LOKEAN_LOKI_LABELS and ${setting} together)`
    }
  }
  return undefined
}

/** A backlog stream has the labels of its records, and one more. */
function backlogProblem (v: Values): string | undefined {
  const { LOKEAN_BACKLOG_LABEL: name, LOKEAN_LOKI_MAX_LABELS: most } = v
  if (name === undefined) return undefined
  for (const { name: setting, address, labels } of sources(v)) {
    const names = new Set([...v.LOKEAN_LABELS, ...v.LOKEAN_LOKI_LABELS ?? [], ...labels].map(one => one.name))
    if (names.has(name) || name === 'quarantine') return `LOKEAN_BACKLOG_LABEL is ${JSON.stringify(name)}: must be a label that no stream has (LOKEAN_LABELS, LOKEAN_LOKI_LABELS, ${setting}, quarantine), or off`
    if (names.size === most) return `LOKEAN_LOKI_MAX_LABELS is ${most}: a backlog stream of ${JSON.stringify(address)} would have ${most + 1} labels, with LOKEAN_BACKLOG_LABEL: raise it with Loki's max_label_names_per_series or name a label less, or set LOKEAN_BACKLOG_LABEL=off`
  }
  return undefined
}

export const CROSS_CHECKS: readonly CrossCheck[] = [
  {
    reads: ['LOKEAN_AMQP_URL', 'LOKEAN_AMQP_USERNAME', 'LOKEAN_AMQP_PASSWORD'],
    problem: (v) => loginProblem(credentials(v.LOKEAN_AMQP_URL, v.LOKEAN_AMQP_USERNAME, v.LOKEAN_AMQP_PASSWORD), 'LOKEAN_AMQP')
  },
  ...lokiLogin('LOKEAN_LOKI'),
  ...lokiLogin('LOKEAN_LOKI_QUERY'),
  ...HTTP_CHECKS,
  {
    reads: ['LOKEAN_AMQP_CERT', 'LOKEAN_AMQP_KEY'],
    problem: (v) => pairProblem(v.LOKEAN_AMQP_CERT, v.LOKEAN_AMQP_KEY, 'LOKEAN_AMQP')
  },
  {
    reads: ['LOKEAN_LOKI_CERT', 'LOKEAN_LOKI_KEY'],
    problem: (v) => pairProblem(v.LOKEAN_LOKI_CERT, v.LOKEAN_LOKI_KEY, 'LOKEAN_LOKI')
  },
  {
    reads: ['LOKEAN_LOKI_QUERY_CERT', 'LOKEAN_LOKI_QUERY_KEY'],
    problem: (v) => pairProblem(v.LOKEAN_LOKI_QUERY_CERT, v.LOKEAN_LOKI_QUERY_KEY, 'LOKEAN_LOKI_QUERY')
  },
  {
    reads: ['LOKEAN_ADMIN_CERT', 'LOKEAN_ADMIN_KEY'],
    problem: (v) => pairProblem(v.LOKEAN_ADMIN_CERT, v.LOKEAN_ADMIN_KEY, 'LOKEAN_ADMIN')
  },
  {
    reads: ['LOKEAN_LOKI_MAX_LABELS', 'LOKEAN_LOKI_LABELS', 'LOKEAN_LABELS', ...SOURCES],
    problem: labelsProblem
  },
  {
    reads: ['LOKEAN_BACKLOG_LABEL', 'LOKEAN_LOKI_MAX_LABELS', 'LOKEAN_LOKI_LABELS', 'LOKEAN_LABELS', ...SOURCES],
    problem: (v) => labelsProblem(v) === undefined ? backlogProblem(v) : undefined
  },
  {
    reads: ['LOKEAN_LOKI_TENANT', ...SOURCES],
    problem: (v) => {
      for (const origin of sources(v)) {
        const tenant = tenantOf(origin, v.LOKEAN_LOKI_TENANT)
        if (tenant !== undefined && !isTenant(tenant)) return `${origin.name} gives ${JSON.stringify(origin.address)} the value ${JSON.stringify(tenant)} for what LOKEAN_LOKI_TENANT makes its tenant: ${TENANT_ALLOWED}`
      }
      return undefined
    }
  },
  {
    reads: ['LOKEAN_LOKI_VERIFY', 'LOKEAN_LOKI_QUERY_TENANT', 'LOKEAN_LOKI_TENANT', 'LOKEAN_ROUTES', ...SOURCES],
    problem: (v) => {
      if (v.LOKEAN_LOKI_VERIFY !== 'on' || v.LOKEAN_LOKI_QUERY_TENANT === undefined) return undefined
      const otherwise = v.LOKEAN_LOKI_TENANT.kind === 'fixed' ? v.LOKEAN_LOKI_TENANT.tenant : undefined
      const tenants = new Set(sources(v).map((origin) => tenantOf(origin, v.LOKEAN_LOKI_TENANT) ?? otherwise))
      if (tenants.size === 1 && v.LOKEAN_LOKI_TENANT.kind !== 'field' && v.LOKEAN_ROUTES === undefined) return undefined
      return 'LOKEAN_LOKI_QUERY_TENANT is set, and records go to several tenants: with LOKEAN_LOKI_VERIFY=on, one tenant\'s record would be taken for another\'s; leave it out'
    }
  },
  {
    reads: SOURCES,
    problem: (v) => sources(v).length === 0
      ? 'LOKEAN_AMQP_ADDRESSES is off, and LOKEAN_SOCKET is not set, nor is LOKEAN_LISTEN: there is nothing to read from'
      : undefined
  },
  ...ROUTE_CHECKS,
  ...LISTENER_CHECKS,
  {
    reads: ['LOKEAN_INFLIGHT_BYTES', ...SOURCES],
    problem: (v) => {
      const count = sources(v).length
      if (v.LOKEAN_INFLIGHT_BYTES >= leastBudget(count)) return undefined
      return `LOKEAN_INFLIGHT_BYTES is ${formatBytes(v.LOKEAN_INFLIGHT_BYTES)}: must be at least ${formatBytes(leastBudget(count))}, 1 MiB for each of ${count} addresses`
    }
  },
  {
    reads: ['LOKEAN_INFLIGHT_BYTES', 'LOKEAN_PUSH_BYTES'],
    problem: (v) => {
      if (v.LOKEAN_INFLIGHT_BYTES >= 2 * v.LOKEAN_PUSH_BYTES) return undefined
      return `LOKEAN_INFLIGHT_BYTES is ${formatBytes(v.LOKEAN_INFLIGHT_BYTES)}: must be at least ${formatBytes(2 * v.LOKEAN_PUSH_BYTES)}, twice LOKEAN_PUSH_BYTES`
    }
  }
]
