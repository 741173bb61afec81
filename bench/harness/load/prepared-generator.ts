import type { GeneratedMessage, Generator } from '../../../src/generator/generator.ts'
import { createGenerator } from '../../../src/generator/generator.ts'
import { seededRandom } from '../../../src/generator/random.ts'
import { Digits } from './digits.ts'
import { createPool, type PoolOptions } from './message-pool.ts'

/**
 * The messages of a pool in the generator's place, each a copy with times and numbers of its own: they cost their sender a fraction. Whose
 * message it is, is asked for; which of that host's is drawn, so that messages dealt out in turns do not fall to the same receiver for ever.
 */
export function preparedGenerator ({ seed = 1, ...options }: PoolOptions, now: () => number = Date.now): Generator {
  const pool = createPool({ ...options, seed })
  const { hosts } = createGenerator({ ...options, seed })
  const rounds = pool.messages.length / hosts.length
  const digits = new Digits()
  const random = seededRandom(seed)
  let turn = 0
  let sent = 0
  /** Microseconds: strictly increasing over all records. */
  let last = 0
  return {
    seed,
    recordsPerMessage: options.recordsPerMessage,
    hosts,
    get sent () { return sent },
    next (maxRecords = options.recordsPerMessage, host = turn): GeneratedMessage {
      if (maxRecords < options.recordsPerMessage) throw new RangeError(`a prepared message has ${options.recordsPerMessage} records, not ${maxRecords}`)
      if (host === turn) turn = (turn + 1) % hosts.length
      const { bytes, times, numbers } = pool.messages[host + hosts.length * (random() % rounds)]
      const message = Buffer.from(bytes)
      last = Math.max(last, Math.floor(now() * 1000) - times.length)
      for (let i = 0; i < times.length; i++) {
        last++
        const second = Math.floor(last / 1e6)
        digits.time(message, times[i], second, last - second * 1e6)
        digits.number(message, numbers[i], sent++)
      }
      return { message, records: times.length, host }
    }
  }
}
