import type { Tallied } from '../sink/push-tally.ts'
import type { Certificate } from './certificate.ts'

/** How records come: by RELP, or by syslog over TLS. */
export type Way = 'relp' | 'syslog+tls'

export type Fate = Pick<Tallied, 'missing' | 'doubled'>

/** A program that takes records in, in a process of its own. */
export interface Receiver {
  readonly url: string
  /** Rejects when one of its processes ends without being asked. */
  readonly failed: Promise<never>
  /** CPU microseconds so far. */
  cpuMicros (): number
  /** Waits until it has put all records away, and says what became of those numbered 0 to `sent` - 1. */
  reconcile (sent: number): Promise<Fate>
  close (): Promise<void>
}

export interface ReceiverOptions { way: Way, folder: string, certificate: Certificate | undefined }
