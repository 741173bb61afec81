import { listenAddress } from './endpoints.ts'
import type { Option } from './option.ts'
import { certificates, privateKey } from './pem.ts'
import { bearerToken } from './text.ts'
import { oneOf } from './units.ts'

/** What operators see. */
export const OPERATION_OPTIONS = {
  LOKEAN_ADMIN_ADDR: {
    group: 'Operations', schema: listenAddress, default: '127.0.0.1:9464', text: 'where the live page, `/metrics`, `/healthz` and `/readyz` are served'
  },
  LOKEAN_ADMIN_CERT: { group: 'Operations', schema: certificates, pem: true, text: 'PEM file of the certificate, with its chain, by which all of that is served over TLS, the probes too' },
  LOKEAN_ADMIN_KEY: { group: 'Operations', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },
  LOKEAN_ADMIN_TOKEN: { group: 'Operations', schema: bearerToken, secret: true, text: 'bearer token that the page and `/metrics` ask for; a browser gives it as the password of any user. The probes stay open' },
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
