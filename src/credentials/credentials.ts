import type { Logger } from '../log.ts'
import type { Provider } from '../provider.ts'
import { WatchedFile } from './watched-file.ts'

/** What several values must keep to together: a key and its certificate. */
interface Agreement<V> { reads: ReadonlyArray<keyof V>, problem: (values: V) => string | undefined }

export interface CredentialsOptions<V> {
  /** The values of all settings, as the process was started with them. */
  values: V
  /** The files of those settings that come from one, with the text that they had. */
  files: ReadonlyMap<keyof V & string, { path: string, text: string }>
  /** Makes the value of a setting; `read` returns a file's text. Throws an error whose message names the setting. */
  parse: (name: keyof V & string, read: (path: string) => string) => unknown
  agreements: ReadonlyArray<Agreement<V>>
  now?: () => number
}

/**
 * Owns what of the settings comes from files, and reads it again when it changes. What is wrong, alone or together with
 * another value, is told of once, and the last good value stays. Those that must agree change together, whichever file
 * comes first. Nobody else reads these files.
 */
export class Credentials<V extends object> {
  readonly #options: CredentialsOptions<V>
  readonly #files: ReadonlyMap<keyof V & string, WatchedFile>
  /** The texts that the values are made of. */
  readonly #texts: Map<keyof V & string, string | undefined>
  #values: V
  #told: ReadonlySet<string> = new Set()
  /** Undefined for a command that ends soon, and says by itself what does not work. */
  log: Pick<Logger, 'info' | 'warn'> | undefined

  constructor (options: CredentialsOptions<V>) {
    this.#options = options
    this.#values = options.values
    this.#files = new Map([...options.files].map(([name, { path, text }]) => [name, new WatchedFile(path, text, options.now)]))
    this.#texts = new Map([...options.files].map(([name, { text }]) => [name, text]))
  }

  /** Part of the values, which changes with them. `of` returns a flat object. */
  provider<T extends object> (of: (values: V) => T): Provider<Readonly<T>> {
    return new Part(of, () => this.#values, () => this.refresh())
  }

  /** Looks at the files. What has changed and is right holds from now on. */
  refresh (): void {
    const news = [...this.#files.values()].filter(file => file.look())
    if (news.length > 0) this.#read()
  }

  #read (): void {
    const values = { ...this.#values }
    const renewed = new Set<keyof V & string>()
    const problems: string[] = []
    for (const [name, file] of this.#files) {
      if (file.text !== undefined && file.text === this.#texts.get(name)) continue
      try {
        values[name] = this.#options.parse(name, () => textOf(file)) as V[typeof name]
        renewed.add(name)
      } catch (error) {
        problems.push((error as Error).message)
      }
    }
    for (const { reads, problem } of this.#options.agreements) {
      const found = reads.some(name => renewed.has(name as keyof V & string)) ? problem(values) : undefined
      if (found === undefined) continue
      problems.push(found)
      for (const name of reads as ReadonlyArray<keyof V & string>) if (renewed.delete(name)) values[name] = this.#values[name]
    }
    this.#values = values
    for (const name of renewed) this.#texts.set(name, this.#files.get(name)?.text)
    this.#tell([...renewed], problems)
  }

  #tell (renewed: readonly string[], problems: readonly string[]): void {
    for (const problem of problems) {
      if (!this.#told.has(problem)) this.log?.warn(`${problem}; what was read before still holds`)
    }
    this.#told = new Set(problems)
    if (renewed.length > 0) this.log?.info({ settings: renewed }, 'files have changed: new connections use what they hold now')
  }
}

function textOf (file: WatchedFile): string {
  if (file.text === undefined) throw file.error
  return file.text
}

/** Does not change before one of its values does. As JSON it is empty: no secret gets out with it. */
class Part<V, T extends object> implements Provider<Readonly<T>> {
  readonly #of: (values: V) => T
  readonly #values: () => V
  readonly #refresh: () => void
  #from: V
  #current: Readonly<T>

  constructor (of: (values: V) => T, values: () => V, refresh: () => void) {
    this.#of = of
    this.#values = values
    this.#refresh = refresh
    this.#from = values()
    this.#current = Object.freeze(of(this.#from))
  }

  get current (): Readonly<T> {
    const from = this.#values()
    if (from === this.#from) return this.#current
    this.#from = from
    const made = this.#of(from)
    const keys = Object.keys({ ...made, ...this.#current }) as Array<keyof T>
    if (keys.some(key => made[key] !== this.#current[key])) this.#current = Object.freeze(made)
    return this.#current
  }

  refresh (): Readonly<T> {
    this.#refresh()
    return this.current
  }
}
