import type { Option } from './option.ts'
import { bytesBetween, durationBetween, integerBetween } from './units.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const GIB = 2 ** 30
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** How much at a time, and for how long. */
export const PIPELINE_OPTIONS = {
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
} as const satisfies Record<string, Option>
