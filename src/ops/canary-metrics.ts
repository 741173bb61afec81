import { Counter, Histogram, Registry } from 'prom-client'

export type CanaryMetrics = ReturnType<typeof createCanaryMetrics>

/** The metrics of `lokean canary`, each there from the start. */
export function createCanaryMetrics () {
  const registry = new Registry()
  const counter = (name: string, help: string): Counter => new Counter({ name: `lokean_canary_${name}_total`, help, registers: [registry] })
  return {
    registry,
    sent: counter('sent', 'Numbered records that were sent'),
    stored: counter('stored', 'Numbered records that were read back from Loki'),
    missing: counter('missing', 'Numbered records that were not in Loki in time'),
    late: counter('late', 'Numbered records that were missing, and came later'),
    doubled: counter('doubled', 'Numbered records that Loki has twice or more often'),
    readFailures: counter('read_failures', 'Queries that Loki did not answer'),
    delay: new Histogram({
      name: 'lokean_canary_delay_seconds',
      help: 'From the sending of a record until it was read back; it is looked for each second',
      buckets: [1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600],
      registers: [registry]
    })
  }
}
