import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { folder, freePorts, PeerProcess } from './peer-process.ts'

/** Debian's wrapper in /usr/sbin would change to the user rabbitmq and to the system's folders. */
const BIN = '/usr/lib/rabbitmq/bin'
export const RABBITMQ_SERVER = join(BIN, 'rabbitmq-server')

/**
 * RabbitMQ with AMQP 1.0 on a free loopback port. Its data outlives a restart, but not the test. It touches no process
 * of the system.
 */
export class RabbitMqBroker {
  readonly port: number
  readonly #t: TestContext
  readonly #env: Record<string, string>
  #server: PeerProcess | undefined

  private constructor (t: TestContext, port: number, env: Record<string, string>) {
    this.#t = t
    this.port = port
    this.#env = env
  }

  /**
   * Makes the broker's folder and settings, and starts Erlang's port mapper, which it needs. Does not start the broker.
   */
  static async prepare (t: TestContext): Promise<RabbitMqBroker> {
    const home = folder(t)
    const [port, distribution, mapper] = await freePorts(3)
    writeFileSync(join(home, 'enabled_plugins'), '[rabbitmq_amqp1_0].\n')
    writeFileSync(join(home, 'rabbitmq.conf'), [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      'amqp1_0.default_user = guest', // the user of SASL ANONYMOUS
      'log.console = true',
      'log.file = false'
    ].join('\n') + '\n')
    // A port mapper that the server starts itself would outlive the server.
    await PeerProcess.start(t, 'epmd', ['-address', '127.0.0.1', '-port', `${mapper}`, '-debug'], { ready: /epmd running/ })
    return new RabbitMqBroker(t, port, {
      HOME: home, // the place of Erlang's cookie
      ERL_EPMD_PORT: `${mapper}`,
      RABBITMQ_NODENAME: `lokean-${port}@localhost`,
      RABBITMQ_DIST_PORT: `${distribution}`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      RABBITMQ_CONF_ENV_FILE: join(home, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(home, 'mnesia'),
      RABBITMQ_LOG_BASE: join(home, 'log'),
      RABBITMQ_PID_FILE: join(home, 'pid'),
      NO_COLOR: '1'
    })
  }

  get url (): string { return `amqp://127.0.0.1:${this.port}` }

  async start (): Promise<void> {
    this.#server = await PeerProcess.start(this.#t, RABBITMQ_SERVER, [], { env: this.#env, ready: /Server startup complete/ })
  }

  /** SIGTERM ends the broker in order. SIGKILL takes all its processes at once. */
  async stop (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#server?.stop(signal)
  }

  /** Returns the queues with the broker's own counts. */
  async queues (): Promise<Array<{ name: string, durable: boolean, messages: number, consumers: number }>> {
    const { stdout } = await promisify(execFile)(join(BIN, 'rabbitmqctl'),
      ['--node', this.#env.RABBITMQ_NODENAME, '--formatter', 'json', '--quiet', 'list_queues', 'name', 'durable', 'messages', 'consumers'],
      { env: { PATH: process.env.PATH, ...this.#env } })
    return JSON.parse(stdout) as Awaited<ReturnType<RabbitMqBroker['queues']>>
  }
}
