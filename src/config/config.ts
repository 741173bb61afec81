import { tenantOf } from './addresses.ts'
import type { Credentials } from '../credentials/credentials.ts'
import { adminAccess, amqpLogin, certificateEnds, listenerIdentity, lokiLogin, lokiQueryLogin } from './logins.ts'
import type { Values } from './options.ts'
import type { Origin } from '../worker/messages/settings.ts'
import type { Provider } from '../provider.ts'
import { Secret } from '../secret.ts'
import { sources } from './sources.ts'

/**
 * The settings as the program uses them: parsed, grouped, in bytes and milliseconds. What may come from files is a
 * Provider of what they hold at the time.
 */
export function arrange (v: Values, credentials: Credentials<Values>) {
  const origin = ({ address, labels, ...one }: Origin): Origin => {
    const tenant = tenantOf({ address, labels, ...one }, v.LOKEAN_LOKI_TENANT)
    return { address, labels, tenant, ...(one.path === undefined ? {} : { path: one.path }) }
  }
  return {
    amqp: {
      urls: v.LOKEAN_AMQP_URL.urls,
      addresses: v.LOKEAN_AMQP_ADDRESSES.map(origin),
      /** The name in the server's certificate; undefined where it is the host of the URL. */
      servername: v.LOKEAN_AMQP_SERVERNAME,
      login: credentials.provider(amqpLogin)
    },
    loki: {
      /** Base URLs without a trailing slash. */
      urls: v.LOKEAN_LOKI_URL.urls,
      tenant: v.LOKEAN_LOKI_TENANT,
      quarantineTenant: v.LOKEAN_LOKI_QUARANTINE_TENANT,
      /** Labels of every stream. */
      labels: v.LOKEAN_LOKI_LABELS ?? [],
      servername: v.LOKEAN_LOKI_SERVERNAME,
      /** Paths in place of those of the URLs, by name. */
      paths: v.LOKEAN_LOKI_PATHS ?? [],
      login: credentials.provider(lokiLogin),
      storedStatus: v.LOKEAN_LOKI_STORED_STATUS,
      maxLineBytes: v.LOKEAN_LOKI_MAX_LINE_BYTES,
      maxAgeMs: v.LOKEAN_LOKI_MAX_AGE,
      maxAheadMs: v.LOKEAN_LOKI_MAX_AHEAD,
      maxDisorderMs: v.LOKEAN_LOKI_MAX_DISORDER
    },
    /** Where and as whom Loki is read. */
    lokiQuery: {
      urls: (v.LOKEAN_LOKI_QUERY_URL ?? v.LOKEAN_LOKI_URL).urls,
      /** Undefined where it is that of the records. */
      tenant: v.LOKEAN_LOKI_QUERY_TENANT,
      servername: v.LOKEAN_LOKI_QUERY_URL === undefined ? v.LOKEAN_LOKI_SERVERNAME : undefined,
      paths: v.LOKEAN_LOKI_PATHS ?? [],
      login: credentials.provider(lokiQueryLogin)
    },
    verify: v.LOKEAN_LOKI_VERIFY === 'on',
    listeners: {
      /** Where senders connect to. */
      streams: sources(v).flatMap(({ place, ...one }) => place?.kind === 'stream' ? [{ ...origin(one), place }] : []),
      identity: credentials.provider(listenerIdentity),
      /** Undefined where all may send whose certificates `ca` allows. */
      peers: v.LOKEAN_LISTEN_PEERS,
      proxyProtocol: v.LOKEAN_LISTEN_PROXY_PROTOCOL === 'on',
      maxConnections: v.LOKEAN_LISTEN_MAX_CONNECTIONS,
      maxHandshakes: v.LOKEAN_LISTEN_MAX_HANDSHAKES,
      maxFrameBytes: v.LOKEAN_LISTEN_MAX_FRAME_BYTES
    },
    /** Sockets of datagrams, and the setting that names each. */
    sockets: sources(v).flatMap(({ name: setting, place, ...one }) => {
      if (place === undefined || place.kind === 'stream') return []
      return [{ ...origin(one), setting, place: place.kind === 'udp' ? { ...place, receiveBuffer: v.LOKEAN_SOCKET_BUFFER } : place }]
    }),
    /** All that is read from: the bus's addresses, the listeners, and the socket. */
    addresses: sources(v).map(origin),
    workers: v.LOKEAN_WORKERS,
    workerTimeoutMs: v.LOKEAN_WORKER_TIMEOUT,
    lingerMs: v.LOKEAN_LINGER,
    shards: v.LOKEAN_SHARDS,
    pushBytes: v.LOKEAN_PUSH_BYTES,
    pushTimeoutMs: v.LOKEAN_PUSH_TIMEOUT,
    inflightBytes: v.LOKEAN_INFLIGHT_BYTES,
    drainTimeoutMs: v.LOKEAN_DRAIN_TIMEOUT,
    /** The keys of records in JSON that are not those of the template. */
    keys: v.LOKEAN_FIELDS,
    labels: v.LOKEAN_LABELS,
    metadata: v.LOKEAN_METADATA,
    routes: v.LOKEAN_ROUTES ?? [],
    line: v.LOKEAN_LINE,
    hostForm: v.LOKEAN_HOST_FORM,
    unescapeNewlines: v.LOKEAN_UNESCAPE_NEWLINES === 'on',
    drop: v.LOKEAN_DROP ?? [],
    redact: v.LOKEAN_REDACT ?? [],
    /** The label of records too far behind their stream; undefined for `off`. */
    backlogLabel: v.LOKEAN_BACKLOG_LABEL,
    /** How many streams a tenant may have; undefined for no limit. */
    maxStreams: v.LOKEAN_MAX_STREAMS,
    deadLetter: {
      /** Undefined for `off`. */
      dir: v.LOKEAN_DEAD_LETTER_DIR,
      bytes: v.LOKEAN_DEAD_LETTER_BYTES,
      whenFull: v.LOKEAN_DEAD_LETTER_FULL
    },
    /** When the first certificate of each setting that has one ends, in Unix time. */
    certificateEnds: credentials.provider(certificateEnds),
    admin: { ...v.LOKEAN_ADMIN_ADDR, access: credentials.provider(adminAccess) },
    readyTenants: v.LOKEAN_READY_TENANTS,
    logLevel: v.LOKEAN_LOG_LEVEL
  }
}

export type DeepReadonly<T> =
  T extends Secret | Provider<unknown> ? T
    : T extends ReadonlyArray<infer E> ? ReadonlyArray<DeepReadonly<E>>
      : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
        : T

export type Config = DeepReadonly<ReturnType<typeof arrange>>

export function deepFreeze<T> (value: T): DeepReadonly<T> {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret)) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value as DeepReadonly<T>
}
