import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { tryBus } from '../../src/commands/check/bus.ts'
import { check } from '../../src/commands/check/check.ts'
import { tryLoki } from '../../src/commands/check/loki.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type BusOptions, startBus } from '../../src/embedded/bus/bus.ts'
import { type LokiOptions, startLoki } from '../../src/embedded/loki/server.ts'
import { CERTIFICATE, KEY } from '../unit/embedded/bus/certificate.ts'
import { Cleanup } from './cleanup.ts'
import { tcpServer } from './http-server.ts'
import { message, record } from './messages.ts'
import { Stack, type StackOptions } from './stack.ts'
import { until } from './until.ts'

/** Makes what the page tells of happen, and returns what was said. `wanted` is what it waits for. */
export type Scenario = (t: TestContext, wanted: (text: string) => boolean) => Promise<string> | string

export function thrown (env: Record<string, string>): string {
  try {
    return loadConfig(env).warnings.join('\n')
  } catch (error) {
    return (error as Error).message
  }
}

export async function bus (t: TestContext, options: BusOptions = {}): Promise<string> {
  const bus = await startBus(options)
  Cleanup.of(t).add(async () => { await bus.close() })
  return bus.url
}

export async function loki (t: TestContext, options: LokiOptions = {}): Promise<string> {
  const loki = await startLoki(options)
  Cleanup.of(t).add(async () => { await loki.close() })
  return loki.url
}

/** What a check of the bus says. It waits for the whole time that it is given before it says that there is no bus. */
export async function ofBus (url: string, wanted: (text: string) => boolean): Promise<string> {
  const { config } = loadConfig({ LOKEAN_AMQP_URL: url })
  let said = ''
  for (const ms of [200, 1_000, 5_000, 20_000]) {
    said = JSON.stringify(await tryBus(config, ms))
    if (wanted(said)) break
  }
  return said
}

export async function ofLoki (url: string, env: Record<string, string> = {}): Promise<string> {
  const { loki, limits } = await tryLoki(loadConfig({ LOKEAN_LOKI_URL: url, ...env }).config, true)
  return [...loki.map(({ detail, hint = '' }) => `${detail} ${hint}`), ...limits.flatMap(({ warnings }) => warnings)].join('\n')
}

/** What `check` says of a record. Nothing else of it matters here. */
export async function ofRecord (t: TestContext, fields: Record<string, unknown>): Promise<string> {
  const stdout = new PassThrough()
  const { port } = await tcpServer(t, socket => { socket.destroy() })
  const env = { LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_SOCKET: 'udp://127.0.0.1:0', LOKEAN_LOKI_URL: `http://127.0.0.1:${port}`, LOKEAN_ADMIN_ADDR: '127.0.0.1:0' }
  const context = {
    env,
    readEnv: () => env,
    stdout,
    stderr: stdout,
    stdin: Readable.from([record(fields)]),
    stopping: new AbortController().signal,
    onHangup: () => {},
    onFault: () => {}
  }
  await check(context, { json: false, push: false, offline: false })
  return String(stdout.read())
}

/** What the log says of a running pipeline once `act` was done. */
export function ofRun (options: StackOptions, act: (stack: Stack, t: TestContext) => Promise<void>): Scenario {
  return async (t, wanted) => {
    const stack = await Stack.start(t, options)
    await act(stack, t)
    await until(`the log says it: ${stack.log.join('')}`, () => wanted(stack.log.join('')))
    return stack.log.join('')
  }
}

/** Sends without waiting: what is sent may never be accepted. */
export async function send (stack: Stack, ...records: string[]): Promise<void> {
  const sender = await stack.sender()
  void sender.send(message(records))
}

/** The port of the listener, by the log. */
export function portOf (stack: Stack): number {
  const lines = stack.log.map(text => JSON.parse(text) as { msg: string, port: number })
  return lines.find(({ msg }) => msg.startsWith('listening for senders'))?.port ?? 0
}

/** Connects to the listener, and sends. */
export async function say (stack: Stack, t: TestContext, bytes: string): Promise<void> {
  const socket = connect(portOf(stack), '127.0.0.1').on('error', () => {})
  t.after(() => { socket.destroy() })
  await once(socket, 'connect')
  socket.resume().write(bytes)
}

/** Settings of a listener with TLS. */
export function certified (t: TestContext): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-test-'))
  t.after(() => { rmSync(folder, { recursive: true }) })
  const written = (name: string, pem: string): string => {
    writeFileSync(join(folder, name), pem)
    return join(folder, name)
  }
  const cert = written('cert', CERTIFICATE)
  return { LOKEAN_LISTEN_CERT: cert, LOKEAN_LISTEN_KEY: written('key', KEY), LOKEAN_LISTEN_CA: cert }
}
