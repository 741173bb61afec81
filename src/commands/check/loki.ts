import type { Config } from '../../config/config.ts'
import { LokiClient } from '../../sink/client.ts'
import { VERSION } from '../../version.ts'
import { inWords, judge, judgeEmpty, LOKI_HINT, NOT_READY } from './answer.ts'
import { type CheckEntry, checkEntries, emptyPush, pushOf } from './entry.ts'
import { type Finding, unfit } from './finding.ts'
import { compareLimits, type LimitsFinding } from './limits.ts'
import { spokenAt } from './spoken.ts'
import { summary, type Tried, whereStored } from './summary.ts'

/** `stored`: where the entries of the check are. */
export interface LokiFinding extends Finding {
  url: string
  stored: Array<{ tenant: string, labels: string }>
}

/** No check waits longer for an answer. */
const MOST_MS = 10_000

/**
 * Pushes an entry as each tenant of the settings to each distributor, or, without `push`, an empty push, of which Loki
 * stores nothing. Compares the settings with the limits of each tenant, where Loki tells them.
 */
export async function tryLoki (config: Config, push: boolean): Promise<{ loki: LokiFinding[], limits: LimitsFinding[] }> {
  const timeoutMs = Math.min(MOST_MS, config.pushTimeoutMs)
  const client = new LokiClient({ ...config.loki, timeoutMs }, VERSION)
  const entries = checkEntries(config)
  try {
    const silent = await Promise.all(client.urls.map(async (_, endpoint) => await notReady(client, endpoint, config, timeoutMs)))
    const loki = await Promise.all(client.urls.map(async (url, endpoint) => {
      return { url, stored: [], ...(silent[endpoint] ?? await pushAll(client, endpoint, entries, config, push)) }
    }))
    const answering = silent.indexOf(undefined)
    return { loki, limits: answering < 0 ? [] : await compareLimits(client, answering, config, AbortSignal.timeout(timeoutMs)) }
  } finally {
    await client.close()
  }
}

/** Undefined where the distributor is ready. A gateway may know no `/ready`: any answer below 500 counts. */
async function notReady (client: LokiClient, endpoint: number, config: Config, timeoutMs: number): Promise<Finding | undefined> {
  try {
    const { status, text } = await client.get(endpoint, '', '/ready', AbortSignal.timeout(timeoutMs))
    return status >= 500 ? unfit(`not ready: ${inWords(`${status} ${text}`)}`, NOT_READY) : undefined
  } catch (error) {
    const { message, hint = LOKI_HINT } = client.failure(endpoint, error)
    return await wrongPort(client.urls[endpoint] ?? '', config) ?? unfit(message, hint)
  }
}

/** Undefined where the port speaks what the URL says, or nothing that is known, or stands behind a proxy. */
async function wrongPort (url: string, { loki: { login } }: Config): Promise<Finding | undefined> {
  if (login.current.proxy !== undefined) return undefined
  const { hostname, port, protocol } = new URL(url)
  const tls = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  switch (await spokenAt(host, port === '' ? (tls ? 443 : 80) : Number(port))) {
    case 'amqp':
    case 'amqps': return unfit('an AMQP bus answers at this port, not Loki', 'LOKEAN_LOKI_URL must be Loki\'s; the bus belongs in LOKEAN_AMQP_URL')
    case 'http': return tls ? unfit('no TLS is spoken at this port', 'LOKEAN_LOKI_URL must begin with http://') : undefined
    case 'https':
    case 'tls': return tls ? undefined : unfit('TLS is spoken at this port', 'LOKEAN_LOKI_URL must begin with https://')
    case undefined: return undefined
  }
}

async function pushAll (
  client: LokiClient, endpoint: number, entries: readonly CheckEntry[], config: Config, push: boolean
): Promise<Omit<LokiFinding, 'url'>> {
  const tried: Tried[] = []
  const stored: LokiFinding['stored'] = []
  const { signal } = new AbortController()
  for (const entry of entries) {
    const answer = await client.push(endpoint, entry.tenant, push ? pushOf(entry, config, Date.now()) : emptyPush(), signal)
    tried.push({ entry, finding: push ? judge(answer, config) : judgeEmpty(answer, config) })
    if (push && answer.kind === 'stored') stored.push({ tenant: entry.tenant, labels: entry.labels })
    // Where one push gets no answer, the others would get none.
    if (answer.kind === 'retry' && answer.status === undefined) break
  }
  const { detail, ...rest } = summary(tried, entries)
  return { ...rest, detail: stored.length === 0 ? detail : `${detail}; ${whereStored(stored)}`, stored }
}
