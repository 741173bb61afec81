import type { BacklogTask } from '../worker/messages/tasks.ts'

/**
 * What a refused push is refused for.
 * - entry: Loki names an entry, or a label value of a stream, that it will never take. It may store others of the push.
 * - labels: Loki does not take streams with these label names: one is missing, or there are too many.
 * - condition: Loki takes no push like this one until an operator changes a setting.
 * - size: the push is too large for Loki, or for a proxy before it. A smaller one may pass.
 * - unknown: the text is not Loki's, or does not say.
 */
export type Fault = 'entry' | 'labels' | 'condition' | 'size' | 'unknown'

/** `hint`: what an operator can do, by the names of settings. */
export interface Refusal { fault: Fault, hint?: string }

interface Known extends Refusal {
  /** Where undefined, the text alone decides. */
  statuses?: readonly number[]
  text: RegExp
}

/**
 * Loki's own texts, from pkg/validation/validate.go, pkg/ingester/stream.go, pkg/distributor/distributor.go and http.go
 * of 3.4 to 3.7 (older ones begin with a capital letter), and those of Go's and nginx's HTTP servers. The first that
 * fits holds.
 */
const KNOWN: readonly Known[] = [
  { fault: 'entry', text: /max entry size '\d+' bytes exceeded for stream/i, hint: 'lower LOKEAN_LOKI_MAX_LINE_BYTES to the tenant\'s max_line_size' },
  { fault: 'entry', text: /has timestamp too old:/i, hint: 'lower LOKEAN_LOKI_MAX_AGE to the tenant\'s reject_old_samples_max_age' },
  { fault: 'entry', text: /has timestamp too new:/i, hint: 'lower LOKEAN_LOKI_MAX_AHEAD to the tenant\'s creation_grace_period' },
  { fault: 'entry', text: /entry too far behind|entry out of order/i, hint: 'lower LOKEAN_LOKI_MAX_DISORDER to half of Loki\'s max_chunk_age' },
  { fault: 'entry', text: /has label value too long:/i },
  { fault: 'entry', text: /has structured metadata too large:/i, hint: 'LOKEAN_METADATA may name less' },
  { fault: 'entry', text: /couldn't parse labels:|error parsing labels/i },
  {
    fault: 'condition',
    text: /includes structured metadata, but this feature is disallowed/i,
    hint: 'the tenant takes no structured metadata (allow_structured_metadata): set LOKEAN_METADATA=off'
  },
  {
    fault: 'labels',
    text: /has too many structured metadata labels:/i,
    hint: 'LOKEAN_METADATA names more than the tenant takes (max_structured_metadata_entries_count)'
  },
  {
    fault: 'labels',
    text: /missing required labels/i,
    hint: 'the tenant wants these labels (enforced_labels): give them by LOKEAN_LOKI_LABELS, or behind the address (`address;name=value`)'
  },
  {
    fault: 'labels',
    text: /has \d+ label names; limit \d+/i,
    hint: 'LOKEAN_LABELS, LOKEAN_LOKI_LABELS and the labels of the address are more than the tenant takes (max_label_names_per_series)'
  },
  {
    fault: 'labels',
    text: /has label name too long:|has duplicate label name:/i,
    hint: 'check the names in LOKEAN_LABELS and behind the address'
  },
  { fault: 'condition', text: /no org id/i, hint: 'Loki wants a tenant: set LOKEAN_LOKI_TENANT' },
  { fault: 'condition', text: /multiple org IDs present/i, hint: 'LOKEAN_LOKI_TENANT must be one tenant' },
  {
    fault: 'unknown',
    text: /sent an HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL/i,
    hint: 'the port wants TLS: LOKEAN_LOKI_URL must begin with https://'
  },
  {
    fault: 'size',
    statuses: [500],
    text: /(?:received|trying to send) message larger than max/i,
    hint: 'lower LOKEAN_PUSH_BYTES, or raise grpc_server_max_recv_msg_size and grpc_server_max_send_msg_size in Loki'
  },
  { fault: 'size', statuses: [413], text: /(?:)/, hint: 'lower LOKEAN_PUSH_BYTES, or raise the limit on bodies of what answers (a proxy: client_max_body_size)' },
  {
    fault: 'unknown',
    statuses: [403, 406],
    text: /(?:)/,
    hint: 'check LOKEAN_LOKI_TENANT, LOKEAN_LOKI_TOKEN or LOKEAN_LOKI_USERNAME and _PASSWORD, and what a firewall before Loki forbids'
  },
  { fault: 'unknown', text: /^\s*</, hint: 'a page answers, so a proxy and not Loki: check LOKEAN_LOKI_URL, and what stands before Loki' }
]

/**
 * Statuses for what is refused in a push. The same push would get the same answer again. Loki has the first three; a
 * firewall before it has the others for the text of a record, and a gateway has them for whoever may not push.
 */
const REFUSED = [400, 413, 422, 403, 406]

/** Undefined where the answer refuses nothing for good: the same push may be stored later. */
export function refusalOf (status: number, message: string): Refusal | undefined {
  const known = KNOWN.find(({ statuses = REFUSED, text }) => statuses.includes(status) && text.test(message))
  if (known !== undefined) return { fault: known.fault, hint: known.hint }
  return REFUSED.includes(status) ? { fault: 'unknown', hint: 'see Loki\'s own log; check LOKEAN_LOKI_URL, and what stands before Loki' } : undefined
}

/** The tenant's limit on lines, in bytes, where Loki's text tells it. */
export function toldLineLimit (message: string): number | undefined {
  const told = /max entry size '(\d+)' bytes exceeded/i.exec(message)?.[1]
  return told === undefined ? undefined : Number(told)
}

/** A refused entry's time as Go writes it, and the oldest time of its stream. */
const TOO_FAR_BEHIND =
  /entry with timestamp (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? \+0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: [^,]*, oldest acceptable timestamp is: ([^',\s]+)'/g

/**
 * Which entries Loki's text tells to be too far behind; undefined where it tells none. It names up to ten of one
 * stream, each with the oldest time that the stream takes, in whole seconds. That rises while newer entries of the push
 * are stored.
 */
export function toldLate (message: string): Omit<BacklogTask, 'part'> | undefined {
  let bound = -Infinity
  let newest = { seconds: -Infinity, nanos: 0 }
  for (const [, date, time, fraction = '', oldestTaken = ''] of message.matchAll(TOO_FAR_BEHIND)) {
    bound = Math.max(bound, Date.parse(oldestTaken) / 1000)
    newest = later(newest, { seconds: Date.parse(`${date}T${time}Z`) / 1000, nanos: Number(fraction.padEnd(9, '0')) })
  }
  if (!Number.isFinite(bound)) return undefined
  return {
    stream: /for stream: (\{.*\})\s*$/s.exec(message)?.[1],
    oldest: later({ seconds: bound, nanos: 0 }, { ...newest, nanos: newest.nanos + 1 })
  }
}

function later (one: BacklogTask['oldest'], other: BacklogTask['oldest']): BacklogTask['oldest'] {
  return one.seconds > other.seconds || (one.seconds === other.seconds && one.nanos >= other.nanos) ? one : other
}

/** What Loki tells where it limits a tenant's rate. */
export interface ToldRate {
  /** Of the tenant or of one stream, in bytes a second; undefined where the text has another form. */
  bytesPerSecond: number | undefined
  /** Of the push, as Loki counts them; undefined where the limit is that of a stream. */
  pushBytes: number | undefined
}

export function toldRate (message: string): ToldRate {
  const rate = /limit: (\d+) bytes\/sec/i.exec(message)?.[1]
  const bytes = /lines totaling '(\d+)' bytes/i.exec(message)?.[1]
  return { bytesPerSecond: rate === undefined ? undefined : Number(rate), pushBytes: bytes === undefined ? undefined : Number(bytes) }
}
