import { amqpLogin, lokiLogin, lokiQueryLogin } from './logins.ts'
import { listenerWarnings } from './listener-checks.ts'
import { isLoopback } from './loopback.ts'
import type { Values } from './options.ts'
import { pathWarnings } from './route-checks.ts'
import { sources } from './sources.ts'

/** Loki's own answer to a push that it has stored. */
const LOKI_STORED_STATUS = 204

/** Warns of settings that are allowed, but most likely not meant. */
export function warningsOf (values: Values): string[] {
  const found = [...tlsWarnings(values), ...cleartextWarnings(values)]
  if (values.LOKEAN_LOKI_STORED_STATUS !== LOKI_STORED_STATUS) {
    found.push(`LOKEAN_LOKI_STORED_STATUS is ${values.LOKEAN_LOKI_STORED_STATUS}: whatever answers a push with it is believed to have stored it, a login page too`)
  }
  const { LOKEAN_ADMIN_ADDR: { host }, LOKEAN_ADMIN_CERT: cert, LOKEAN_ADMIN_TOKEN: token } = values
  if (token !== undefined && cert === undefined && !isLoopback(host)) {
    found.push('LOKEAN_ADMIN_TOKEN goes over the network as it is: set LOKEAN_ADMIN_CERT and LOKEAN_ADMIN_KEY')
  }
  found.push(...pathWarnings(values), ...listenerWarnings(values))
  const homeless = sources(values).find(({ tenant }) => tenant === undefined)
  if (homeless !== undefined && values.LOKEAN_LOKI_TENANT.kind === 'none' && sources(values).some(({ tenant }) => tenant !== undefined)) {
    found.push(`${homeless.name} has no tenant for ${JSON.stringify(homeless.address)}, as other sources have, nor has LOKEAN_LOKI_TENANT: a Loki with tenants will refuse what comes from there`)
  }
  for (const { name } of values.LOKEAN_METADATA) {
    if ([...values.LOKEAN_LABELS, ...values.LOKEAN_LOKI_LABELS ?? []].some((label) => label.name === name)) found.push(`LOKEAN_METADATA has ${JSON.stringify(name)}, which is a label already: Loki will store it twice`)
  }
  return found
}

/** Settings for TLS, where none is spoken. */
function tlsWarnings (v: Values): string[] {
  const found: string[] = []
  const plainBus = v.LOKEAN_AMQP_URL.urls.every((url) => !url.tls)
  const plainLoki = v.LOKEAN_LOKI_URL.urls.every((url) => url.startsWith('http:'))
  for (const name of ['LOKEAN_AMQP_CA', 'LOKEAN_AMQP_CERT', 'LOKEAN_AMQP_SERVERNAME'] as const) {
    if (plainBus && v[name] !== undefined) found.push(`${name} has no effect: no URL in LOKEAN_AMQP_URL begins with amqps://`)
  }
  for (const name of ['LOKEAN_LOKI_CA', 'LOKEAN_LOKI_CERT', 'LOKEAN_LOKI_SERVERNAME'] as const) {
    if (plainLoki && v[name] !== undefined) found.push(`${name} has no effect: no URL in LOKEAN_LOKI_URL begins with https://`)
  }
  return found
}

/** A password or token that others on the way can read. */
function cleartextWarnings (v: Values): string[] {
  const http = (name: 'LOKEAN_LOKI_URL' | 'LOKEAN_LOKI_QUERY_URL'): string[] => {
    return (v[name]?.urls ?? []).filter(url => url.startsWith('http:')).map(url => new URL(url).hostname)
  }
  const plain = [
    { name: 'LOKEAN_AMQP_URL', hosts: plainBuses(v), login: amqpLogin(v), tls: 'amqps' },
    { name: 'LOKEAN_LOKI_URL', hosts: http('LOKEAN_LOKI_URL'), login: lokiLogin(v), tls: 'https' },
    { name: 'LOKEAN_LOKI_QUERY_URL', hosts: http('LOKEAN_LOKI_QUERY_URL'), login: lokiQueryLogin(v), tls: 'https' }
  ]
  return plain.flatMap(({ name, hosts, login, tls }) => {
    const secret = 'token' in login && login.token !== undefined ? 'token' : login.password === undefined ? undefined : 'password'
    const host = hosts.find(host => !isLoopback(host))
    if (secret === undefined || host === undefined) return []
    return [`${name}: the ${secret} goes to ${host} without TLS, so that whoever is on the way can read it; with ${tls}:// nobody can`]
  })
}

function plainBuses ({ LOKEAN_AMQP_ADDRESSES: addresses, LOKEAN_AMQP_URL: { urls } }: Values): string[] {
  return addresses.length === 0 ? [] : urls.filter(({ tls }) => !tls).map(({ host }) => host)
}
