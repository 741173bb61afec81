import { listenAddress } from './endpoints.ts'
import type { Option } from './option.ts'
import { oneOf } from './units.ts'

/** What operators see. */
export const OPERATION_OPTIONS = {
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
