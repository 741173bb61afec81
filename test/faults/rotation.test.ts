import { setTimeout as pause } from 'node:timers/promises'
import { Authority, type Identity } from '../helpers/authority.ts'
import { until } from '../helpers/until.ts'
import { Mounted } from './mounted.ts'
import { scenario } from './scenario.ts'
import { CONNECTIONS } from './site-load.ts'
import { FEW_STREAMS } from './site.ts'
import { gateway, tlsFront } from './tls-front.ts'

/** What one side has, at one time: each authority knows nothing of the one before. */
interface Generation { authority: Authority, server: Identity, files: { ca: string, cert: string, key: string, token: string } }

function generation (number: number): Generation {
  const authority = new Authority(`authority ${number}`)
  const { cert, key } = authority.issue(`client ${number}`)
  return { authority, server: authority.issue('server'), files: { ca: authority.ca, cert, key, token: `t0ken-${number}` } }
}

const SOME_MS = 300

scenario('Loki', 'behind TLS: authority, certificates, keys and token change, three times', FEW_STREAMS, async site => {
  let present = generation(0)
  const mounted = new Mounted(site.cleanup, present.files)
  const front = await gateway(site.cleanup, () => site.loki.port, {
    identity: present.server, ca: present.authority.ca, token: () => present.files.token
  })
  site.start({
    LOKEAN_LOKI_URL: `https://127.0.0.1:${front.port}`,
    LOKEAN_LOKI_CA: mounted.path('ca'),
    LOKEAN_LOKI_CERT: mounted.path('cert'),
    LOKEAN_LOKI_KEY_FILE: mounted.path('key'),
    LOKEAN_LOKI_TOKEN_FILE: mounted.path('token')
  })
  site.send()
  const change = (): void => front.renew(present.server, present.authority.ca)
  const ways: Array<(files: Generation['files']) => Promise<void>> = [
    async files => {
      mounted.swap(files)
      change()
    },
    // Loki is first: it refuses all that is old for a while.
    async files => {
      change()
      await pause(SOME_MS)
      mounted.swap(files)
    },
    // In place: the token is not there for a while, a key comes before its certificate, the authority in halves.
    async ({ ca, cert, key, token }) => {
      change()
      mounted.remove('token')
      mounted.write('key', key)
      mounted.write('ca', ca.slice(0, ca.length / 2))
      await pause(SOME_MS)
      mounted.write('token', token)
      mounted.write('cert', cert)
      mounted.write('ca', ca)
    }
  ]
  let number = 0
  await site.again(ways.length, async () => {
    present = generation(++number)
    await ways[number - 1]?.(present.files)
    await until('the new certificate is shown', () => front.lastPeer === `client ${number}`)
    await site.over()
  })
})

scenario('Bus', 'over TLS: its authority and certificate change, three times', FEW_STREAMS, async site => {
  let present = generation(0)
  const mounted = new Mounted(site.cleanup, { ca: present.authority.ca })
  const front = await tlsFront(site.cleanup, () => site.bus.port, present.server)
  const program = site.start({ LOKEAN_AMQP_URL: `amqps://127.0.0.1:${front.port}`, LOKEAN_AMQP_CA: mounted.path('ca') })
  site.send()
  let number = 0
  await site.again(3, async () => {
    present = generation(++number)
    // The second time, the bus is first.
    if (number !== 2) mounted.swap({ ca: present.authority.ca })
    front.renew(present.server)
    if (number === 2) {
      await program.logged('no connection to the bus; trying again')
      mounted.swap({ ca: present.authority.ca })
    }
    await site.over()
  })
})

/** What the senders have and trust. */
const SENDERS = { ca: '', cert: '', key: '' }

scenario('RELP', 'over TLS: authority, certificates and keys of both sides change, three times', {
  ...FEW_STREAMS, via: 'relp', tls: SENDERS, window: 1024
}, async site => {
  const renewSenders = ({ authority, files }: Generation): void => {
    Object.assign(SENDERS, { ca: authority.ca, cert: files.cert, key: files.key })
  }
  const filesOf = ({ authority, server }: Generation) => ({ ca: authority.ca, ...server })
  let present = generation(0)
  renewSenders(present)
  const mounted = new Mounted(site.cleanup, filesOf(present))
  site.start({
    LOKEAN_LISTEN_CERT: mounted.path('cert'), LOKEAN_LISTEN_KEY_FILE: mounted.path('key'), LOKEAN_LISTEN_CA: mounted.path('ca')
  })
  site.send()
  let number = 0
  await site.again(3, async () => {
    present = generation(++number)
    // The second time, the senders are first, and are refused.
    if (number !== 2) mounted.swap(filesOf(present))
    renewSenders(present)
    site.relpWire.drop()
    if (number === 2) {
      const { connections } = site.relpWire
      await until('all have tried in vain, and more than once', () => site.relpWire.connections > connections + 2 * CONNECTIONS)
      mounted.swap(filesOf(present))
    }
    await site.over()
  })
})
