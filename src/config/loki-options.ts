import { lokiUrls, proxyUrl, serverName } from './endpoints.ts'
import { givenLabels } from './given-labels.ts'
import { headers } from './headers.ts'
import { fixedTenant, MAX_LABELS, tenantRule } from './mapping.ts'
import type { Option } from './option.ts'
import { certificates, privateKey } from './pem.ts'
import { basicUsername, bearerToken, password } from './text.ts'
import { bytesBetween, durationBetween, integerBetween, oneOf } from './units.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Where records go, and what Loki takes. */
export const LOKI_OPTIONS = {
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
  LOKEAN_LOKI_SERVERNAME: {
    group: 'Loki', schema: serverName, text: 'name that the certificate of Loki must have, and that is asked for over TLS (SNI), where it is not the host of `LOKEAN_LOKI_URL`. For reading too, unless `LOKEAN_LOKI_QUERY_URL` is set'
  },
  LOKEAN_LOKI_CA: { group: 'Loki', schema: certificates, pem: true, text: 'PEM file of the authorities to trust instead of the system\'s' },
  LOKEAN_LOKI_CERT: { group: 'Loki', schema: certificates, pem: true, text: 'PEM file of the client certificate' },
  LOKEAN_LOKI_KEY: { group: 'Loki', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },
  LOKEAN_LOKI_HEADERS: {
    group: 'Loki', schema: headers, secret: true, text: 'headers of each request to Loki, as a gateway may want them: `name=value`, comma-separated, or one a line'
  },
  LOKEAN_LOKI_PROXY: {
    group: 'Loki', schema: proxyUrl, secret: true, text: 'URL of an HTTP proxy for all requests to Loki, with its user and password where it wants them, or `off`. `HTTPS_PROXY` and its like have no effect'
  },
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
} as const satisfies Record<string, Option>
