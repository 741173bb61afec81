import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { folder } from './peer-process.ts'

const FLAGS = [
  '--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'
]
/** Chromium starts slowly on a busy machine. No page takes longer. */
const PATIENCE_MS = 60_000

interface Message {
  id?: number, method?: string, params?: Record<string, unknown>, result?: unknown, error?: { message: string }, sessionId?: string
}

/** How to show the page. */
export interface View { width: number, height: number, dark?: boolean, reducedMotion?: boolean, phone?: boolean }

/**
 * A headless Chromium with one page, driven by the DevTools protocol over a pipe (JSON messages, each ended by a NUL).
 * It keeps all complaints of the page: console errors and warnings, exceptions, requests that the content security
 * policy blocked or that failed.
 */
export class Chromium {
  readonly complaints: string[] = []
  /** The requested URLs. */
  readonly requests: string[] = []
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void, reject: (error: Error) => void }>()
  #session: string | undefined
  #nextId = 1
  #received = ''

  private constructor (t: TestContext) {
    const home = folder(t)
    this.#child = spawn('chromium', [...FLAGS, `--user-data-dir=${home}`, 'about:blank'], {
      env: { PATH: process.env.PATH, HOME: home }, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']
    })
    const exited = once(this.#child, 'close')
    this.#input.on('error', () => {}) // it ends when it is told to
    ;(this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#read(text))
    Cleanup.of(t).add(async () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser was closed'))
      this.#kill()
      await exited
    })
  }

  static async start (t: TestContext): Promise<Chromium> {
    const browser = new Chromium(t)
    const { targetId } = await browser.#ask<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
    browser.#session = (await browser.#ask<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })).sessionId
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Audits']) await browser.#ask(`${domain}.enable`)
    return browser
  }

  get #input (): Writable {
    return this.#child.stdio[3] as Writable
  }

  async look ({ width, height, dark = false, reducedMotion = false, phone = false }: View): Promise<void> {
    await this.#ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: phone ? 2 : 1, mobile: phone })
    await this.#ask('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
        { name: 'prefers-reduced-motion', value: reducedMotion ? 'reduce' : 'no-preference' }
      ]
    })
  }

  async open (url: string): Promise<void> {
    const { errorText } = await this.#ask<{ errorText?: string }>('Page.navigate', { url })
    assert.equal(errorText, undefined)
    await this.until('document.readyState === "complete"')
  }

  /** Returns the value of an expression in the page. */
  async evaluate<T> (expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#ask<{ result: { value: T }, exceptionDetails?: unknown }>('Runtime.evaluate', {
      expression, returnByValue: true, awaitPromise: true
    })
    assert.equal(exceptionDetails, undefined, expression)
    return result.value
  }

  /** Waits until the expression holds in the page. */
  async until (expression: string): Promise<void> {
    const start = performance.now()
    while (!await this.evaluate<boolean>(`Boolean(${expression})`)) {
      if (performance.now() - start > PATIENCE_MS) throw new Error(`waited in vain until ${expression}; the page says: ${await this.evaluate('document.body.innerText')}`)
      await this.evaluate('new Promise(resolve => setTimeout(resolve, 20))')
    }
  }

  /** Returns role and name of all nodes in the accessibility tree, which assistive programs read. */
  async accessible (): Promise<Array<{ role: string, name: string }>> {
    const { nodes } = await this.#ask<{ nodes: Array<{ ignored: boolean, role?: { value: string }, name?: { value: string } }> }>(
      'Accessibility.getFullAXTree'
    )
    return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => ({ role: role?.value ?? '', name: name?.value ?? '' }))
  }

  /** Takes a picture of the whole page. A folder in `LOKEAN_TEST_SHOTS` keeps it. */
  async screenshot (name: string): Promise<Buffer> {
    const { data } = await this.#ask<{ data: string }>('Page.captureScreenshot', { captureBeyondViewport: true })
    const png = Buffer.from(data, 'base64')
    if (process.env.LOKEAN_TEST_SHOTS !== undefined) writeFileSync(join(process.env.LOKEAN_TEST_SHOTS, `${name}.png`), png)
    return png
  }

  async #ask<T = unknown> (method: string, params: object = {}): Promise<T> {
    const id = this.#nextId++
    const answer = new Promise<unknown>((resolve, reject) => { this.#waiting.set(id, { resolve, reject }) })
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`)
    return await answer as T
  }

  #read (text: string): void {
    const [...messages] = (this.#received + text).split('\0')
    this.#received = messages.pop() ?? ''
    for (const message of messages) this.#take(JSON.parse(message) as Message)
  }

  #take ({ id, method = '', params = {}, result, error }: Message): void {
    if (id !== undefined) {
      const asked = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) asked?.resolve(result)
      else asked?.reject(new Error(error.message))
      return
    }
    const { entry, type } = params as { entry?: { level: string }, type?: string }
    if (method === 'Network.requestWillBeSent') {
      this.requests.push((params as { request: { url: string } }).request.url)
    } else if (method === 'Log.entryAdded') {
      if (entry?.level !== 'verbose' && entry?.level !== 'info') this.complaints.push(JSON.stringify(entry))
    } else if (method === 'Runtime.consoleAPICalled') {
      if (type === 'error' || type === 'warning') this.complaints.push(JSON.stringify(params))
    } else if (method === 'Runtime.exceptionThrown' || method === 'Audits.issueAdded') {
      this.complaints.push(JSON.stringify(params))
    }
  }

  /** Kills all of its processes; they share a process group. */
  #kill (): void {
    try {
      process.kill(-(this.#child.pid as number), 'SIGKILL')
    } catch {} // the group is gone
  }
}
