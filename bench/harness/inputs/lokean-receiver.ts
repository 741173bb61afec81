import { beside, Child } from '../child.ts'
import { Program } from '../program/program.ts'
import type { SinkMethods } from '../sink/sink.process.ts'
import { freePort } from '../../../src/commands/demo/free-port.ts'
import type { Fate, Receiver, ReceiverOptions } from './receiver.ts'

/** Lokean with one worker, that listens and pushes to the bench's own sink. */
export class LokeanReceiver implements Receiver {
  readonly url: string
  readonly #env: NodeJS.ProcessEnv
  readonly #sink: Child<SinkMethods>
  #program: Program

  private constructor (url: string, env: NodeJS.ProcessEnv, program: Program, sink: Child<SinkMethods>) {
    this.url = url
    this.#env = env
    this.#program = program
    this.#sink = sink
  }

  static async start (
    { way, certificate }: { way: ReceiverOptions['way'] | 'relps', certificate: ReceiverOptions['certificate'] }
  ): Promise<LokeanReceiver> {
    const sink = new Child<SinkMethods>('sink', beside('../sink/sink.process', import.meta.url))
    try {
      const url = `${way}://127.0.0.1:${await freePort()}`
      const env = {
        PATH: process.env.PATH,
        LOKEAN_ADMIN_ADDR: '127.0.0.1:0',
        LOKEAN_WORKERS: '1',
        // RFC 5424 has no place for these.
        LOKEAN_LISTEN: `${url};cloud=cloud1;region=regionOne`,
        ...(certificate === undefined ? {} : { LOKEAN_LISTEN_CERT: certificate.cert, LOKEAN_LISTEN_KEY: certificate.key }),
        LOKEAN_LOKI_URL: await sink.call('listen', 0)
      }
      return new LokeanReceiver(url, env, await Program.start(env), sink)
    } catch (error) {
      await sink.close()
      throw error
    }
  }

  /** Rejects when the program that runs now, or the sink, ends without being asked. */
  get failed (): Promise<never> {
    return Promise.race([this.#program.failed, this.#sink.failed])
  }

  /** Stops the program, and starts it anew. Resolves when it is up. */
  async restart (): Promise<void> {
    await this.#program.stop('SIGTERM')
    this.#program = await Program.start(this.#env)
  }

  /** How many senders are connected. */
  async connections (): Promise<number> {
    const metrics = await this.#program.metrics()
    return [...metrics].reduce((sum, [name, value]) => name.startsWith('lokean_listener_connections') ? sum + value : sum, 0)
  }

  memory (): ReturnType<Program['memory']> {
    return this.#program.memory()
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
