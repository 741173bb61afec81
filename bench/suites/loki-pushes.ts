import { setImmediate as turn } from 'node:timers/promises'
import { loadConfig } from '../../src/config/load.ts'
import { createGenerator, type Generator } from '../../src/generator/generator.ts'
import { CLASSIC_SOURCES } from '../../src/generator/sources.ts'
import { encoderSettings } from '../../src/pipeline/encoder-settings.ts'
import type { Part } from '../../src/worker/messages/tasks.ts'
import { Encoder } from '../../src/worker/encoder.ts'
import { encodeTask } from '../harness/encode-task.ts'

/** The body of a push, ready to send. The tenant is '' where there is none. */
export interface PreparedPush { tenant: string, body: Buffer, records: number }

const HOSTS = 100
const RECORDS_A_MESSAGE = 20
/** A task makes one large part and a small one with the rest. */
const MESSAGES_A_TASK = 100
/** The first records of a stream lie in parts of their own. After so many tasks all streams are known. */
const WARM_UP_TASKS = 40

/** Makes the pushes that Lokean would make of the same logs, each as large as a push may be. No record comes twice. */
export class PushMaker {
  readonly #generator: Generator = createGenerator({
    hosts: HOSTS, recordsPerMessage: RECORDS_A_MESSAGE, sources: CLASSIC_SOURCES
  })

  readonly #encoder: Encoder
  #tasks = 0

  /** Uses the settings of the environment, but one shard, so that each push holds every stream. */
  constructor (env: NodeJS.ProcessEnv) {
    this.#encoder = new Encoder({ ...encoderSettings(loadConfig(env).config), shards: 1 })
    for (let task = 0; task < WARM_UP_TASKS; task++) this.#encode()
  }

  /** Makes so many pushes, and lets other work run between them. */
  async make (count: number): Promise<PreparedPush[]> {
    const made: PreparedPush[] = []
    while (made.length < count) {
      const parts = this.#encode()
      const largest = parts.reduce((best, part) => part.records > best.records ? part : best)
      made.push({ tenant: largest.tenant, body: Buffer.from(largest.body), records: largest.records })
      await turn()
    }
    return made
  }

  #encode (): Part[] {
    const messages = Array.from({ length: MESSAGES_A_TASK }, () => this.#generator.next().message)
    return this.#encoder.encode(encodeTask(messages, this.#tasks++)).parts
  }
}
