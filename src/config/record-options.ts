import { fieldKeys } from './field-keys.ts'
import { dropRules, redactRules } from './filter-rules.ts'
import { hostForm, labelOrOff, labels, metadata } from './mapping.ts'
import type { Option } from './option.ts'
import { directoryOrOff } from './text.ts'
import { bytesBetween, integerBetween, oneOf } from './units.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

/** What becomes of a record. */
export const RECORD_OPTIONS = {
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
    group: 'Records', schema: dropRules, text: 'rules for records that are not stored, comma-separated: `name;level=debug;source=nova-compute;host=compute-0;text=GET /healthcheck`, each with one condition or more, all of which must hold. `text` is a literal of the line; no value has a comma or a semicolon'
  },
  LOKEAN_REDACT: {
    group: 'Records', schema: redactRules, text: 'rules for text that is not stored, comma-separated: `name;text=X-Auth-Token;pattern=/X-Auth-Token: (\\S+)/`. Where a value has the literal `text`, what the pattern (RE2) matches, or its first group, becomes `[redacted:name]`'
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
} as const satisfies Record<string, Option>
