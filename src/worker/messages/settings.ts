/** `name` is the name in Loki. `field` is a key of the record, or a derived field (level, pid, request_id, ...). */
export interface Mapping { readonly name: string, readonly field: string }

/** How a record gets its tenant (`X-Scope-OrgID`). */
export type TenantRule =
  | { kind: 'none' }
  | { kind: 'fixed', tenant: string }
  | { kind: 'field', field: string }

/** A label whose value the settings give. */
export interface GivenLabel { readonly name: string, readonly value: string }

/** Labels and tenant that the settings give to all records of one address. They replace those of the record. */
export interface Origin {
  readonly address: string
  readonly labels: readonly GivenLabel[]
  /** Where undefined, TenantRule decides. */
  readonly tenant: string | undefined
}

/** A record is dropped for which all conditions hold that the rule has. */
export interface DropRule {
  readonly name: string
  readonly level?: 'critical' | 'error' | 'warning' | 'info' | 'debug' | undefined
  readonly source?: string | undefined
  readonly host?: string | undefined
  /** A literal that the line has. */
  readonly text?: string | undefined
}

/** What the pattern matches is taken out of each text that has the literal. */
export interface RedactRule {
  readonly name: string
  /** The literal. */
  readonly text: string
  /** In the syntax of RE2. */
  readonly pattern: string
}

/** The settings that a worker needs. A worker gets them once, when its thread starts. */
export interface EncoderSettings {
  /** The keys of a record in JSON, where they are not those of rsyslog's template: `name` is the template's. */
  keys: readonly Mapping[]
  labels: readonly Mapping[]
  /** Labels of every stream. They replace those of the record, and give way to those of an origin. */
  lokiLabels: readonly GivenLabel[]
  /** Empty when structured metadata is switched off. */
  metadata: readonly Mapping[]
  /** How a host is written: without its domain, in small letters. */
  hostForm: { short: boolean, lower: boolean }
  /** Whether rsyslog's `#012` and `#011` become newlines and tabs again. */
  unescapeNewlines: boolean
  drop: readonly DropRule[]
  redact: readonly RedactRule[]
  tenant: TenantRule
  /** With a `field` rule: the tenant of records that have no valid tenant of their own. */
  quarantineTenant: string
  /** One for each address whose setting gives labels or a tenant. */
  origins: readonly Origin[]
  shards: number
  /** The largest part in bytes, before compression. */
  pushBytes: number
  maxLineBytes: number
  maxAgeMs: number
  maxAheadMs: number
  /** How far a record may lie behind the newest record of its stream. */
  maxDisorderMs: number
  /** The label that gives records further behind a stream of their own; undefined where they go to quarantine. */
  backlogLabel: string | undefined
  /** The memory of ActiveStreams, which all workers share. Without it, streams are neither counted nor limited. */
  activeStreams?: SharedArrayBuffer
}

/** What a worker thread is started with. */
export interface WorkerSetup {
  settings: EncoderSettings
  /** Microseconds that all threads have spent on tasks: one number in shared memory. */
  busy: BigInt64Array<SharedArrayBuffer>
}
