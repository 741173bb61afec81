import { parseArgs } from 'node:util'
import { UsageError } from '../../src/errors.ts'
import { parse, whole } from '../cli/parse.ts'

export interface InstancesArguments {
  quick: boolean
  json: boolean
  /** Write bench/results/instances.json and its chart. */
  save: boolean
  /** The largest number of instances. Undefined stands for the plan's number. */
  instances: number | undefined
  /** Records/s. */
  rate: number | undefined
}

export const INSTANCES_USAGE = `Several instances on one address, on this machine: npm run bench:instances [-- options]

  --quick          one short pass over one and two instances, in a minute or two; writes no files
  --instances N    one to N of them, 1 to 16; four without
  --rate N         the steady load, in records/s; half of what they take here without
  --json           the last line of stdout is the result as one JSON object
  --save           write bench/results/instances.json and its chart also for --quick
  --help           show this

Bus, senders, store and each instance are processes of their own; only the instances' CPU counts. The rate and
the CPU per record by the number of instances, what one instance shows at a part of its load, and what happens
when one joins, leaves (SIGTERM) or dies (SIGKILL) under load; every record is looked for in the store.

LOKEAN_AMQP_URL puts a real router or broker in the place of the embedded bus: the senders write to the first of
LOKEAN_AMQP_ADDRESSES (rsyslog/logs) there and the instances read from it, so it must be an address that spreads
messages over its receivers (qdrouterd: distribution: balanced), with nobody else on it; messages that a broker
sends again by itself are not counted as given back. LOKEAN_LOKI_URL does the same for the store. The other
LOKEAN_ settings count for every instance; LOKEAN_WORKERS is 1 here without one.
Exit code 1 where a record is missing or doubled, or a measurement fails.
`

/** Returns undefined where help was asked for. Throws UsageError with what is wrong. */
export function parseInstancesArguments (args: readonly string[]): InstancesArguments | undefined {
  const { values, positionals } = parse(() => parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      save: { type: 'boolean' },
      instances: { type: 'string' },
      rate: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  }))
  if (values.help === true) return undefined
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}': bench:instances takes options only`)
  const { quick = false, json = false, save = false, instances, rate } = values
  return { quick, json, save: save || !quick, instances: whole('--instances', instances, 1, 16), rate: whole('--rate', rate, 100, 1e8) }
}
