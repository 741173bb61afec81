import type { SyslogDelivery } from '../delivery/syslog-delivery.ts'
import type { RelpCounts } from './counts.ts'
import type { Resends } from './resends.ts'

/** What the connections of one address share. */
export interface RelpShared {
  readonly maxFrameBytes: number
  /** All write their deliveries into this, one after the other. */
  readonly delivery: SyslogDelivery
  readonly counts: RelpCounts
  readonly resends: Resends
}
