import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import type { BrokerSettings } from './proton/broker.ts'
import { Authority, type Identity } from './proton/certificates.ts'
import { OPENSSL, withProton } from './proton/peer.ts'
import { readyz, site } from './proton/site.ts'

const WRONG = 'tR0ub4dor & 3'
const RIGHT = 'c0rrect/horse'

/** One authority that both sides trust, and one that each side does not know. */
interface Authorities { ours: Authority, other: Authority }

interface Case {
  what: string
  /** The broker that refuses the program, and the broker that lets it in. */
  broken: (by: Authorities) => BrokerSettings
  mended: (by: Authorities) => BrokerSettings
  env?: (by: Authorities) => Record<string, string>
  scheme?: 'amqp' | 'amqps'
  reason: RegExp
  mend: RegExp
  /** The mechanism of the successful login, as the broker sees it. Proton has no PLAIN of its own (plain.py). */
  mechanism: 'ANONYMOUS' | 'EXTERNAL' | null
}

const LOGIN = { LOKEAN_AMQP_USERNAME: 'reader', LOKEAN_AMQP_PASSWORD: RIGHT }
const trusting = ({ ours }: Authorities): Record<string, string> => ({ LOKEAN_AMQP_CA: ours.ca })
const identified = (by: Authorities, { cert, key }: Identity): Record<string, string> => ({
  ...trusting(by), LOKEAN_AMQP_CERT: cert, LOKEAN_AMQP_KEY: key
})
const external = (by: Authorities, trusted: Authority): BrokerSettings => ({
  mechanisms: 'EXTERNAL', ...by.ours.issue('broker'), ca: trusted.ca
})
const RIGHT_LOGIN = { username: 'reader', password: RIGHT }

const CASES: Case[] = [{
  what: 'a wrong password',
  broken: () => ({ username: 'reader', password: WRONG }),
  mended: () => RIGHT_LOGIN,
  env: () => LOGIN,
  reason: /^amqp:unauthorized-access: /,
  mend: /LOKEAN_AMQP_USERNAME with LOKEAN_AMQP_PASSWORD/,
  mechanism: null
}, {
  what: 'no login, where one is wanted',
  broken: () => RIGHT_LOGIN,
  mended: () => ({ mechanisms: 'ANONYMOUS' }),
  reason: /server supports PLAIN$/,
  mend: /set LOKEAN_AMQP_USERNAME and LOKEAN_AMQP_PASSWORD/,
  mechanism: 'ANONYMOUS'
}, {
  what: 'a certificate of an authority that LOKEAN_AMQP_CA does not hold',
  broken: ({ other }) => other.issue('broker'),
  mended: ({ ours }) => ours.issue('broker'),
  env: trusting,
  reason: /^(?:unable to verify the first certificate|self-signed certificate in certificate chain)$/,
  mend: /^LOKEAN_AMQP_CA does not hold/,
  mechanism: 'ANONYMOUS'
}, {
  what: 'a certificate that has expired',
  broken: ({ ours }) => ({ ...ours.issue('broker', 'IP:127.0.0.1', -1), ...RIGHT_LOGIN }),
  mended: ({ ours }) => ({ ...ours.issue('broker'), ...RIGHT_LOGIN }),
  env: by => ({ ...trusting(by), ...LOGIN }),
  reason: /^certificate has expired$/,
  mend: /^the bus needs a certificate that is valid now/,
  mechanism: null
}, {
  what: 'a certificate for another name',
  broken: ({ ours }) => ours.issue('broker', 'DNS:bus.example.org,DNS:amqp.example.org'),
  mended: ({ ours }) => ours.issue('broker'),
  env: trusting,
  reason: /^the certificate of the bus is for DNS:bus\.example\.org, DNS:amqp\.example\.org, not for 127\.0\.0\.1$/,
  mend: /^LOKEAN_AMQP_URL or LOKEAN_AMQP_SERVERNAME must name the bus as its certificate does/,
  mechanism: 'ANONYMOUS'
}, {
  what: 'no client certificate, where one is wanted',
  broken: by => external(by, by.ours),
  mended: ({ ours }) => ours.issue('broker'),
  env: trusting,
  reason: /^connection lost before the bus had let us in$/,
  mend: /LOKEAN_AMQP_CERT and LOKEAN_AMQP_KEY are not set/,
  mechanism: 'ANONYMOUS'
}, {
  what: 'a client certificate of an authority that the bus does not trust',
  broken: by => external(by, by.other),
  mended: by => external(by, by.ours),
  env: by => identified(by, by.ours.issue('lokean')),
  reason: /^connection lost before the bus had let us in$/,
  mend: /does the bus trust who has signed the certificate in LOKEAN_AMQP_CERT\?/,
  mechanism: 'EXTERNAL'
}, {
  what: 'TLS where none is spoken',
  broken: () => ({}),
  mended: ({ ours }) => ours.issue('broker'),
  env: trusting,
  scheme: 'amqps',
  reason: /^connection lost before/,
  mend: /LOKEAN_AMQP_URL must begin with amqp:/,
  mechanism: 'ANONYMOUS'
}, {
  what: 'no TLS where it is spoken',
  broken: ({ ours }) => ours.issue('broker'),
  mended: () => ({}),
  scheme: 'amqp',
  reason: /^connection lost before/,
  mend: /LOKEAN_AMQP_URL must begin with amqps:/,
  mechanism: 'ANONYMOUS'
}]

for (const { what, broken, mended, env, scheme, reason, mend, mechanism } of CASES) {
  test(`${what}: the log and /readyz say what to mend, and mended it heals`, withProton(OPENSSL), async t => {
    const cleanup = Cleanup.of(t)
    const by = { ours: new Authority(cleanup, 'ours'), other: new Authority(cleanup, 'other') }
    const given = env?.(by) ?? {}
    const { broker, loki, run } = await site(cleanup, broken(by), broker => ({
      LOKEAN_LOG_LEVEL: 'trace',
      ...given,
      ...(scheme === undefined ? {} : { LOKEAN_AMQP_URL: broker.url.replace(/^\w+/, scheme) })
    }))
    for (const line of ['one', 'two', 'three']) broker.send([line, `${line}, again`])
    const refused = await run.logged('no connection to the bus; trying again')
    assert.match(String(refused.reason), reason)
    assert.match(String(refused.mend), mend)
    assert.ok((await readyz(run, 503)).endsWith(`: ${String(refused.reason)}; ${String(refused.mend)}`))

    await broker.restart(mended(by))
    await broker.delivered(loki)
    assert.equal((await broker.says('opened')).mechanism, mechanism)
    await readyz(run, 200)
    const { code, stdout, stderr } = await run.stop()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const keys = given.LOKEAN_AMQP_KEY === undefined ? [] : readFileSync(given.LOKEAN_AMQP_KEY, 'utf8').split('\n').slice(1, -2)
    for (const secret of [WRONG, RIGHT, ...keys]) assert.ok(!stdout.includes(secret), 'a secret is in the log')
  })
}
