import { beside, Child } from '../child.ts'
import { Program } from '../program/program.ts'
import type { SinkMethods } from '../sink/sink.process.ts'
import { freePort } from './free-port.ts'
import type { Fate, Receiver, ReceiverOptions } from './receiver.ts'

/** Lokean with one worker, that listens and pushes to the bench's own sink. */
export class LokeanReceiver implements Receiver {
  readonly url: string
  readonly failed: Promise<never>
  readonly #program: Program
  readonly #sink: Child<SinkMethods>

  private constructor (url: string, program: Program, sink: Child<SinkMethods>) {
    this.url = url
    this.#program = program
    this.#sink = sink
    this.failed = Promise.race([program.failed, sink.failed])
  }

  static async start ({ way, certificate }: ReceiverOptions): Promise<LokeanReceiver> {
    const sink = new Child<SinkMethods>('sink', beside('../sink/sink.process', import.meta.url))
    try {
      const url = `${way}://127.0.0.1:${await freePort()}`
      const program = await Program.start({
        PATH: process.env.PATH,
        LOKEAN_ADMIN_ADDR: '127.0.0.1:0',
        LOKEAN_WORKERS: '1',
        // RFC 5424 has no place for these.
        LOKEAN_LISTEN: `${url};cloud=cloud1;region=regionOne`,
        ...(certificate === undefined ? {} : { LOKEAN_LISTEN_CERT: certificate.cert, LOKEAN_LISTEN_KEY: certificate.key }),
        LOKEAN_LOKI_URL: await sink.call('listen', 0)
      })
      return new LokeanReceiver(url, program, sink)
    } catch (error) {
      await sink.close()
      throw error
    }
  }

  cpuMicros (): number {
    return this.#program.cpu()?.totalMicros ?? NaN
  }

  /** A stop stores what is here. */
  async reconcile (sent: number): Promise<Fate> {
    await this.#program.stop('SIGTERM')
    const { missing, doubled, other } = await this.#sink.call('reconcile', sent)
    if (other > 0) throw new Error(`${other} entries are in the store that were not sent as they are there`)
    return { missing, doubled }
  }

  async close (): Promise<void> {
    await this.#program.close()
    await this.#sink.close()
  }
}
