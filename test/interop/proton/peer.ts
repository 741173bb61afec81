import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Conditions } from '../../../src/embedded/bus/conditions.ts'
import type { Cleanup } from '../../helpers/cleanup.ts'
import { type Need, needs } from '../needs.ts'

/** Debian's own: its python3-qpid-proton is for no other. */
const PYTHON = '/usr/bin/python3'
const FOLDER = join('test', 'interop', 'proton')

const PROTON: Need = { what: 'python3-qpid-proton', probe: [PYTHON, '-c', 'import proton'] }
export const OPENSSL: Need = 'openssl'

/** Options of a test that talks to Qpid Proton. Longer than a program may hang (test/helpers/program.ts), so that it can say what it did. */
export function withProton (...more: Need[]): { skip: string | false, timeout: number } {
  return { ...needs(PROTON, ...more), timeout: 60_000 }
}

/** What a peer says: one JSON line. */
export type PeerEvent = Record<string, unknown> & { event: string }

/** A body as test/interop/proton/messages.py reads it. */
export type Body = string | readonly Body[] | { binary: string } | { symbol: string }

/** One of the Python programs of this folder, driven by lines of JSON. Killed after the test. */
export class ProtonPeer {
  readonly events: PeerEvent[] = []
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown>
  /** How far `next` has got, by event. */
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

  /** Has it come to its end by itself. */
  async finish (): Promise<void> {
    this.#child.stdin.end()
    await this.#ended
    assert.equal(this.#stderr, '')
  }

  /** Ends it without a word to those who are connected. */
  async kill (): Promise<void> {
    if (!this.#gone) this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** How often it has said so. */
  count (event: string, where: (event: PeerEvent) => boolean = () => true): number {
    return this.events.filter(one => one.event === event && where(one)).length
  }

  /** The next that it says of this kind, behind those that were returned before. */
  async next (event: string, where: (event: PeerEvent) => boolean = () => true): Promise<PeerEvent> {
    const from = this.#read.get(event) ?? 0
    const find = (): number => this.events.findIndex((one, at) => at >= from && one.event === event && where(one))
    await this.until(`said ${event}`, () => find() >= 0)
    const at = find()
    this.#read.set(event, at + 1)
    return this.events[at]
  }

  /** Asks at each line that it says. */
  async until (what: string, condition: () => boolean): Promise<void> {
    await this.#conditions.until(() => {
      const met = condition()
      if (!met && this.#gone) throw new Error(`it ended before it ${what}: ${this.#stderr}\n${JSON.stringify(this.events.slice(-20))}`)
      return met
    })
  }
}
