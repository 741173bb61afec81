import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Conditions } from '../../../src/embedded/bus/conditions.ts'
import type { Cleanup } from '../../helpers/cleanup.ts'
import { type Need, needs } from '../needs.ts'

/** Only Debian's own Python has python3-qpid-proton. */
const PYTHON = '/usr/bin/python3'
const FOLDER = join('test', 'interop', 'proton')

const PROTON: Need = { what: 'python3-qpid-proton', probe: [PYTHON, '-c', 'import proton'] }
export const OPENSSL: Need = 'openssl'

/**
 * Options of a test with Qpid Proton. The timeout is longer than that of a hanging program (test/helpers/program.ts),
 * so that the program's output is shown.
 */
export function withProton (...more: Need[]): { skip: string | false, timeout: number } {
  return { ...needs(PROTON, ...more), timeout: 60_000 }
}

/** An event of a peer, one line of JSON. */
export type PeerEvent = Record<string, unknown> & { event: string }

/** A body in the form that test/interop/proton/messages.py reads. */
export type Body = string | readonly Body[] | { binary: string } | { symbol: string }

/** One of this folder's Python programs, driven by lines of JSON. It is killed after the test. */
export class ProtonPeer {
  readonly events: PeerEvent[] = []
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown>
  /** How many events `next` has returned, by kind. */
  readonly #read = new Map<string, number>()
  readonly #conditions = new Conditions(() => {})
  #stderr = ''
  #gone = false

  constructor (cleanup: Cleanup, script: 'broker.py' | 'sender.py', args: readonly string[]) {
    this.#child = spawn(PYTHON, ['-B', join(FOLDER, script), ...args])
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => { this.#stderr += text })
    this.#child.stdin.on('error', () => {}) // it may have ended
    createInterface({ input: this.#child.stdout }).on('line', line => {
      this.events.push(JSON.parse(line) as PeerEvent)
      this.#conditions.changed()
    })
    this.#ended = once(this.#child, 'close').then(() => {
      this.#gone = true
      this.#conditions.changed()
    })
    cleanup.add(async () => { await this.kill() })
  }

  command (line: object): void {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`)
  }

  signal (signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits until the program has ended by itself. */
  async finish (): Promise<void> {
    this.#child.stdin.end()
    await this.#ended
    assert.equal(this.#stderr, '')
  }

  /** Kills the program without a close frame. */
  async kill (): Promise<void> {
    if (!this.#gone) this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Returns how often the event has come. */
  count (event: string, where: (event: PeerEvent) => boolean = () => true): number {
    return this.events.filter(one => one.event === event && where(one)).length
  }

  /** Resolves with the next event of this kind that was not returned before. */
  async next (event: string, where: (event: PeerEvent) => boolean = () => true): Promise<PeerEvent> {
    const from = this.#read.get(event) ?? 0
    const find = (): number => this.events.findIndex((one, at) => at >= from && one.event === event && where(one))
    await this.until(`said ${event}`, () => find() >= 0)
    const at = find()
    this.#read.set(event, at + 1)
    return this.events[at]
  }

  /** Checks the condition at each event. */
  async until (what: string, condition: () => boolean): Promise<void> {
    await this.#conditions.until(() => {
      const met = condition()
      if (!met && this.#gone) throw new Error(`it ended before it ${what}: ${this.#stderr}\n${JSON.stringify(this.events.slice(-20))}`)
      return met
    })
  }
}
