import type { GeneratedMessage, Generator } from '../../../src/generator/generator.ts'
import { createGenerator } from '../../../src/generator/generator.ts'
import { seededRandom } from '../../../src/generator/random.ts'
import { Digits } from './digits.ts'
import { createPool, type PoolOptions } from './message-pool.ts'

/**
 * Replaces the generator by the messages of a pool, which cost their sender a fraction. Each is a copy with new times
 * and numbers. The caller names the host. The message of that host is drawn at random; otherwise messages dealt out in
 * turns would go to the same receiver for ever.
 */
export function preparedGenerator ({ seed = 1, ...options }: PoolOptions, now: () => number = Date.now): Generator {
  const pool = createPool({ ...options, seed })
  const { hosts } = createGenerator({ ...options, seed })
  const rounds = pool.messages.length / hosts.length
  const digits = new Digits()
  const random = seededRandom(seed)
  let turn = 0
  let sent = 0
  /** Microseconds, strictly increasing over all records. */
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
