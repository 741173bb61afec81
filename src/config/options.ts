import type { z } from 'zod'
import { addresses, listenAddresses, socketAddress } from './addresses.ts'
import { amqpUrls, listenAddress, lokiUrls } from './endpoints.ts'
import { fieldKeys } from './field-keys.ts'
import { givenLabels } from './given-labels.ts'
import { fixedTenant, hostForm, labelOrOff, labels, MAX_LABELS, metadata, tenantRule } from './mapping.ts'
import { certificates, privateKey } from './pem.ts'
import { permittedPeers } from './permitted-peers.ts'
import { basicUsername, bearerToken, directoryOrOff, password, username } from './text.ts'
import { dropRules, redactRules } from './filter-rules.ts'
import { bytesBetween, durationBetween, integerBetween, oneOf } from './units.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const GIB = 2 ** 30
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const GROUPS = ['AMQP bus', 'Listeners', 'Datagrams', 'Loki', 'Pipeline', 'Records', 'Operations'] as const
export type Group = typeof GROUPS[number]

export interface Option<T = unknown> {
  group: Group
  /** Parses the text of the environment. Its errors complete the sentence `NAME is "value": ...`. */
  schema: z.ZodType<T, string>
  /** Describes the setting in `--help` and the README. */
  text: string
  /** Written and parsed as any other value. Undefined where the setting has no default. */
  default?: string
  /** Printed in place of a default that depends on the machine. */
  computed?: string
  /** The value is never printed. `NAME_FILE` may name a file with the value. */
  secret?: true
  /** The value is the path of a PEM file, or PEM text. The schema gets the PEM text. */
  pem?: true
  /** The value is a list of URLs, which may have a password. */
  url?: true
}

/**
 * All settings, by their names in the environment. `--help`, the README and the type `Config` are made of this table.
 */
export const OPTIONS = {
  LOKEAN_AMQP_URL: {
    group: 'AMQP bus',
    schema: amqpUrls,
    default: 'amqp://127.0.0.1:5672',
    url: true,
    text: 'URLs of the bus, comma-separated, tried in turn; `amqps` for TLS'
  },
  LOKEAN_AMQP_ADDRESSES: {
    group: 'AMQP bus',
    schema: addresses,
    default: 'rsyslog/logs',
    text: 'source addresses, comma-separated, or `off`; `address;name=value;tenant=name` gives labels and a tenant to all records of the address, in place of their own'
  },
  LOKEAN_AMQP_USERNAME: { group: 'AMQP bus', schema: username, text: 'user for SASL PLAIN' },
  LOKEAN_AMQP_PASSWORD: { group: 'AMQP bus', schema: password, secret: true, text: 'password for SASL PLAIN' },
  LOKEAN_AMQP_CA: { group: 'AMQP bus', schema: certificates, pem: true, text: 'PEM file of the authorities to trust instead of the system\'s' },
  LOKEAN_AMQP_CERT: { group: 'AMQP bus', schema: certificates, pem: true, text: 'PEM file of the client certificate (SASL EXTERNAL)' },
  LOKEAN_AMQP_KEY: { group: 'AMQP bus', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },

  LOKEAN_LISTEN: {
    group: 'Listeners', schema: listenAddresses, text: 'what to listen on for senders, comma-separated: `relp://host:port`, `relps://` (RELP over TLS), `syslog+tcp://`, `syslog+tls://`, `udp://`, `unixgram:/path`. Labels and a tenant can follow each, as for an address of the bus. RELP alone is acknowledged. With it and no `LOKEAN_AMQP_` setting, no bus is read'
  },
  LOKEAN_LISTEN_CERT: { group: 'Listeners', schema: certificates, pem: true, text: 'PEM file of the certificate that `relps://` and `syslog+tls://` show to senders, with its chain' },
  LOKEAN_LISTEN_KEY: { group: 'Listeners', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },
  LOKEAN_LISTEN_CA: { group: 'Listeners', schema: certificates, pem: true, text: 'PEM file of the authorities that senders\' certificates must be of; with it, each sender needs one' },
  LOKEAN_LISTEN_PEERS: {
    group: 'Listeners', schema: permittedPeers, text: 'which senders may send over TLS, comma-separated, as rsyslog\'s `tls.permittedPeer`: names of their certificates, where `*` stands for any text without a dot, or fingerprints `SHA1:...` and `SHA256:...`. Unset: all whose certificates `LOKEAN_LISTEN_CA` allows'
  },
  LOKEAN_LISTEN_PROXY_PROTOCOL: {
    group: 'Listeners', schema: oneOf(['off', 'on']), default: 'off', text: '`on`: each connection begins with a header of the PROXY protocol, version 1 or 2, as a load balancer can send it'
  },
  LOKEAN_LISTEN_MAX_CONNECTIONS: {
    group: 'Listeners', schema: integerBetween(1, 1_000_000), default: '10000', text: 'how many senders are served at a time on each address; further ones are not refused, but wait unread'
  },
  LOKEAN_LISTEN_MAX_HANDSHAKES: {
    group: 'Listeners', schema: integerBetween(1, 10_000), default: '64', text: 'how many TLS handshakes are made at a time on each address; one that its sender keeps waiting for a second does not count'
  },
  LOKEAN_LISTEN_MAX_FRAME_BYTES: {
    group: 'Listeners',
    schema: bytesBetween(8 * KIB, 16 * MIB),
    default: '256KiB',
    text: 'longest record that is taken whole; a longer one is cut'
  },

  LOKEAN_SOCKET: {
    group: 'Datagrams', schema: socketAddress, text: 'a socket to read from beside the bus: `udp://host:port` or `unixgram:/path`. Each datagram is one record: in JSON, as sg-bridge sends it, or of syslog. Labels and a tenant can follow, as for an address. Datagrams are not acknowledged'
  },
  LOKEAN_SOCKET_BUFFER: {
    group: 'Datagrams', schema: bytesBetween(64 * KIB, GIB), default: '8MiB', text: 'size of the kernel\'s buffer for `udp://`; the kernel allows no more than `net.core.rmem_max`'
  },

  LOKEAN_LOKI_URL: {
    group: 'Loki',
    schema: lokiUrls,
    default: 'http://127.0.0.1:3100',
    url: true,
    text: 'URLs of Loki\'s distributors, comma-separated; pushes take turns over them, and leave out one that fails; a path prefix is kept'
  },
  LOKEAN_LOKI_TENANT: {
    group: 'Loki', schema: tenantRule, default: 'none', text: '`none`, a fixed tenant, or `{field}` to take it from that field of each record'
  },
  LOKEAN_LOKI_QUARANTINE_TENANT: {
    group: 'Loki', schema: fixedTenant, default: 'lokean', text: 'with `{field}`: tenant of the records whose field has no valid tenant'
  },
  LOKEAN_LOKI_LABELS: {
    group: 'Loki', schema: givenLabels, text: '`name=value`, comma-separated: labels of every stream, quarantine included, in place of the records\' own; those of an address win'
  },
  LOKEAN_LOKI_MAX_LABELS: {
    group: 'Loki', schema: integerBetween(2, MAX_LABELS), default: '15', text: 'most labels that a stream may have; set it to Loki\'s `max_label_names_per_series` (30 in a LokiStack)'
  },
  LOKEAN_LOKI_USERNAME: { group: 'Loki', schema: basicUsername, text: 'user for basic authentication' },
  LOKEAN_LOKI_PASSWORD: { group: 'Loki', schema: password, secret: true, text: 'password for basic authentication' },
  LOKEAN_LOKI_TOKEN: { group: 'Loki', schema: bearerToken, secret: true, text: 'bearer token, instead of user and password' },
  LOKEAN_LOKI_CA: { group: 'Loki', schema: certificates, pem: true, text: 'PEM file of the authorities to trust instead of the system\'s' },
  LOKEAN_LOKI_CERT: { group: 'Loki', schema: certificates, pem: true, text: 'PEM file of the client certificate' },
  LOKEAN_LOKI_KEY: { group: 'Loki', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },
  LOKEAN_LOKI_QUERY_URL: {
    group: 'Loki', schema: lokiUrls, url: true, text: 'URLs of Loki for reading (`LOKEAN_LOKI_VERIFY`, `replay`), comma-separated, where they are not those of `LOKEAN_LOKI_URL`'
  },
  LOKEAN_LOKI_QUERY_TENANT: { group: 'Loki', schema: fixedTenant, text: 'tenant for reading, where it is not the one that was pushed to' },
  LOKEAN_LOKI_QUERY_USERNAME: { group: 'Loki', schema: basicUsername, text: 'user for reading; without any login of its own, reading has that of pushing' },
  LOKEAN_LOKI_QUERY_PASSWORD: { group: 'Loki', schema: password, secret: true, text: 'password of that user' },
  LOKEAN_LOKI_QUERY_TOKEN: { group: 'Loki', schema: bearerToken, secret: true, text: 'bearer token for reading, in place of the user' },
  LOKEAN_LOKI_QUERY_CA: { group: 'Loki', schema: certificates, pem: true, text: 'PEM file of the authorities to trust for reading, where they are not those of `LOKEAN_LOKI_CA`' },
  LOKEAN_LOKI_QUERY_CERT: { group: 'Loki', schema: certificates, pem: true, text: 'PEM file of the client certificate for reading, where it is not that of `LOKEAN_LOKI_CERT`' },
  LOKEAN_LOKI_QUERY_KEY: { group: 'Loki', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },
  LOKEAN_LOKI_VERIFY: {
    group: 'Loki', schema: oneOf(['off', 'on']), default: 'off', text: '`on`: where nobody knows whether Loki stored a push, it is looked up in Loki before it is sent again, and what is there is left out'
  },
  LOKEAN_LOKI_STORED_STATUS: {
    group: 'Loki', schema: integerBetween(200, 208), default: '204', text: 'a further HTTP status that means stored, for a proxy that changes Loki\'s own 204'
  },
  LOKEAN_LOKI_MAX_LINE_BYTES: {
    group: 'Loki', schema: bytesBetween(KIB, 4 * MIB), default: '256KiB', text: 'longer lines are split; set it to Loki\'s `max_line_size`'
  },
  LOKEAN_LOKI_MAX_AGE: {
    group: 'Loki', schema: durationBetween(MINUTE, 3650 * DAY), default: '168h', text: 'older records go to quarantine; set it to Loki\'s `reject_old_samples_max_age`'
  },
  LOKEAN_LOKI_MAX_AHEAD: {
    group: 'Loki', schema: durationBetween(0, 365 * DAY), default: '10m', text: 'records further ahead of the clock go to quarantine; set it to Loki\'s `creation_grace_period`'
  },
  LOKEAN_LOKI_MAX_DISORDER: {
    group: 'Loki', schema: durationBetween(0, 3650 * DAY), default: '1h', text: 'records further behind the newest of their stream get a stream of their own (`LOKEAN_BACKLOG_LABEL`); set it to half of Loki\'s `max_chunk_age`'
  },

  LOKEAN_WORKERS: {
    group: 'Pipeline', schema: integerBetween(1, 256), default: '1', computed: 'cores - 1, at least 1', text: 'worker threads'
  },
  LOKEAN_WORKER_TIMEOUT: {
    group: 'Pipeline', schema: durationBetween(100, HOUR), default: '30s', text: 'a worker thread that takes longer for one batch is replaced, and the batch is tried again'
  },
  LOKEAN_LINGER: {
    group: 'Pipeline', schema: durationBetween(0, 10 * SECOND), default: '100ms', text: 'how long records that come thinly, but steadily, may wait for others, so that pushes are fewer and larger; 0 for not at all. What comes after a rest, from a lone sender or in large messages does not wait'
  },
  LOKEAN_SHARDS: { group: 'Pipeline', schema: integerBetween(1, 256), default: '4', text: 'pushes in parallel for each tenant' },
  LOKEAN_PUSH_BYTES: {
    group: 'Pipeline', schema: bytesBetween(64 * KIB, 16 * MIB), default: '1MiB', text: 'largest push before compression; Loki\'s own components exchange at most 4 MiB'
  },
  LOKEAN_PUSH_TIMEOUT: {
    group: 'Pipeline', schema: durationBetween(100, 10 * MINUTE), default: '35s', text: 'how long a push may take, from its connection to Loki\'s answer, before it is sent again; longer than Loki\'s own 30 s'
  },
  LOKEAN_INFLIGHT_BYTES: {
    group: 'Pipeline', schema: bytesBetween(MIB, 64 * GIB), default: '64MiB', text: 'limit on the bytes taken from bus, listeners and socket and not settled, which the addresses share by need. It must be at least 1 MiB for each address, and at least two times `LOKEAN_PUSH_BYTES`'
  },
  LOKEAN_DRAIN_TIMEOUT: {
    group: 'Pipeline', schema: durationBetween(0, HOUR), default: '25s', text: 'how long a stop may take to push and settle what is in flight'
  },

  LOKEAN_LABELS: {
    group: 'Records',
    schema: labels,
    default: 'cloud,region,host,source,service_name=source',
    text: 'stream labels: `name` or `name=field`, comma-separated'
  },
  LOKEAN_METADATA: {
    group: 'Records', schema: metadata, default: 'detected_level,file,pid,request_id,instance_id', text: 'structured metadata: `name` or `name=field`, comma-separated, or `off`'
  },
  LOKEAN_FIELDS: {
    group: 'Records', schema: fieldKeys, default: 'template', text: 'keys of the records in JSON where they are not those of rsyslog\'s template: `field=key`, comma-separated, with the fields `time`, `message`, `host`, `source`, `severity`, `facility`, `tag`, `file`, `level`, `pid`, `request_id`, `global_request_id` and `instance_id`; or `template`'
  },
  LOKEAN_HOST_FORM: {
    group: 'Records', schema: hostForm, default: 'asis', text: 'how a host is written: `asis`; `short`, without its domain; `lower`, in small letters; or `short,lower`'
  },
  LOKEAN_UNESCAPE_NEWLINES: {
    group: 'Records', schema: oneOf(['off', 'on']), default: 'off', text: '`on`: `#012` and `#011` in a line are a newline and a tab again, as rsyslog escapes them. It does not escape its own `#`, so a line that says `#012` of itself is not told apart'
  },
  LOKEAN_DROP: {
    group: 'Records', schema: dropRules, text: 'rules for records that are not stored, comma-separated: `name;level=debug;source=nova-compute;host=compute-0;text=GET /healthcheck`, each with one condition or more, all of which must hold. `text` is a literal of the line; neither it nor a name has a comma or a semicolon. Unset: all are stored'
  },
  LOKEAN_REDACT: {
    group: 'Records', schema: redactRules, text: 'rules for text that is not stored, comma-separated: `name;text=X-Auth-Token;pattern=/X-Auth-Token: (\\S+)/`. Where a value has the literal `text`, what the pattern (RE2) matches, or its first group, becomes `[redacted:name]`. Unset: all is stored as it came'
  },
  LOKEAN_BACKLOG_LABEL: {
    group: 'Records',
    schema: labelOrOff,
    default: 'backlog',
    text: 'label that sets records apart which are too far behind their stream; its value is their time, cut to `LOKEAN_LOKI_MAX_DISORDER` (`backlog="2026-11-27T10"`); or `off`: they go to quarantine'
  },
  LOKEAN_MAX_STREAMS: {
    group: 'Records', schema: integerBetween(1, 1_000_000), text: 'limit on a tenant\'s streams (those with a record within the last hour); records of further streams go to quarantine. Backlog streams count too. A little below Loki\'s own, so that new streams may share pushes. Unset: no limit'
  },
  LOKEAN_DEAD_LETTER_DIR: {
    group: 'Records', schema: directoryOrOff, default: 'off', text: 'directory for the records that Loki rejected, as NDJSON, or `off`'
  },
  LOKEAN_DEAD_LETTER_BYTES: {
    group: 'Records', schema: bytesBetween(MIB, 1024 * GIB), default: '100MiB', text: 'size limit of that directory'
  },
  LOKEAN_DEAD_LETTER_FULL: {
    group: 'Records', schema: oneOf(['block', 'delete']), default: 'block', text: 'what a full directory does: with `block`, such records wait, not accepted, until there is room; with `delete`, its oldest file is deleted'
  },

  LOKEAN_ADMIN_ADDR: {
    group: 'Operations', schema: listenAddress, default: '127.0.0.1:9464', text: 'where the live page, `/metrics`, `/healthz` and `/readyz` are served'
  },
  LOKEAN_READY_TENANTS: {
    group: 'Operations',
    schema: oneOf(['some', 'all']),
    default: 'some',
    text: '`/readyz` says ready while `some` tenant has its records stored, or only while `all` have; it names the others'
  },
  LOKEAN_LOG_LEVEL: {
    group: 'Operations', schema: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']), default: 'info', text: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`'
  }
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof OPTIONS

type Parsed<N extends OptionName> = z.output<(typeof OPTIONS)[N]['schema']>

/** The parsed value of each setting. Only a setting without a default can be undefined. */
export type Values = {
  [N in OptionName]: (typeof OPTIONS)[N] extends { default: string } ? Parsed<N> : Parsed<N> | undefined
}

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

/** A row of the table with the general type of a row. */
export function optionOf (name: OptionName): Option {
  return OPTIONS[name]
}
