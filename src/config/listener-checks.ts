import { frameRoom } from '../source/budget/frame-room.ts'
import { ownPart } from '../source/budget/share-out.ts'
import { type CrossCheck, pairProblem } from './cross-check.ts'
import type { OptionName, Values } from './options.ts'
import { SOURCES, sources } from './sources.ts'
import { firstDuplicate } from './text.ts'
import { formatBytes } from './units.ts'

const TLS = ['LOKEAN_LISTEN_CERT', 'LOKEAN_LISTEN_KEY', 'LOKEAN_LISTEN_CA', 'LOKEAN_LISTEN_PEERS'] as const satisfies readonly OptionName[]

/** The first address that senders connect to, by TLS where `tls` says so. */
function firstStream (v: Values, tls?: boolean): string | undefined {
  return v.LOKEAN_LISTEN?.find(({ place }) => place.kind === 'stream' && (tls ?? place.tls) === place.tls)?.address
}

export const LISTENER_CHECKS: readonly CrossCheck[] = [
  {
    reads: SOURCES,
    problem: (v) => {
      const twice = firstDuplicate(sources(v).map(({ address }) => address))
      if (twice === undefined) return undefined
      const names = sources(v).filter(({ address }) => address === twice).map(({ name }) => name)
      return `${names.join(' and ')} both name ${JSON.stringify(twice)}: name it once`
    }
  },
  {
    reads: ['LOKEAN_LISTEN_CERT', 'LOKEAN_LISTEN_KEY'],
    problem: (v) => pairProblem(v.LOKEAN_LISTEN_CERT, v.LOKEAN_LISTEN_KEY, 'LOKEAN_LISTEN')
  },
  {
    reads: ['LOKEAN_LISTEN', 'LOKEAN_LISTEN_CERT', 'LOKEAN_LISTEN_KEY'],
    problem: (v) => {
      const address = firstStream(v, true)
      if (address === undefined || v.LOKEAN_LISTEN_CERT !== undefined || v.LOKEAN_LISTEN_KEY !== undefined) return undefined
      return `LOKEAN_LISTEN has ${JSON.stringify(address)}, which needs a certificate: set LOKEAN_LISTEN_CERT and LOKEAN_LISTEN_KEY`
    }
  },
  {
    reads: ['LOKEAN_LISTEN_CA', 'LOKEAN_LISTEN_PEERS'],
    problem: (v) => {
      const name = v.LOKEAN_LISTEN_PEERS?.find(({ kind }) => kind === 'name')
      if (name?.kind !== 'name' || v.LOKEAN_LISTEN_CA !== undefined) return undefined
      return `LOKEAN_LISTEN_PEERS has the name ${JSON.stringify(name.name)}, and without LOKEAN_LISTEN_CA any certificate may bear it: set LOKEAN_LISTEN_CA, or name fingerprints`
    }
  },
  {
    reads: ['LOKEAN_LISTEN_MAX_FRAME_BYTES', 'LOKEAN_INFLIGHT_BYTES', ...SOURCES],
    problem: (v) => {
      const address = firstStream(v)
      const own = ownPart(v.LOKEAN_INFLIGHT_BYTES, sources(v).length)
      const least = frameRoom(v.LOKEAN_LISTEN_MAX_FRAME_BYTES)
      if (address === undefined || own >= least) return undefined
      return `LOKEAN_LISTEN_MAX_FRAME_BYTES is ${formatBytes(v.LOKEAN_LISTEN_MAX_FRAME_BYTES)}: a record of that length needs ${formatBytes(least)}, and of LOKEAN_INFLIGHT_BYTES ${JSON.stringify(address)} has ${formatBytes(own)} as its own: raise the one or lower the other`
    }
  }
]

/** Settings of listeners that have no effect. */
export function listenerWarnings (v: Values): string[] {
  const found: string[] = []
  const unused = firstStream(v, true) === undefined ? TLS.filter(name => v[name] !== undefined) : []
  for (const name of unused) found.push(`${name} has no effect: no address in LOKEAN_LISTEN begins with relps:// or syslog+tls://`)
  if (v.LOKEAN_LISTEN_PROXY_PROTOCOL === 'on' && firstStream(v) === undefined) {
    found.push('LOKEAN_LISTEN_PROXY_PROTOCOL has no effect: nothing in LOKEAN_LISTEN takes connections')
  }
  return found
}
