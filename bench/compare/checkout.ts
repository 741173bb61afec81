import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../src/errors.ts'

/** Characters of a step's output that are kept, to show why it failed. */
const OUTPUT_KEPT = 4000

/**
 * A revision of the project, installed and built in a temporary worktree. The worktree is removed when this process
 * ends, or earlier.
 */
export class Checkout {
  /** The commit's short hash. */
  readonly commit: string
  readonly #repository: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'lokean-compare-'))
  #step: ChildProcess | undefined

  private constructor (repository: string, commit: string) {
    this.#repository = repository
    this.commit = commit
    process.once('exit', this.remove)
  }

  /**
   * Resolves when the program is built. Throws UsageError where the repository has no such revision. A step that fails
   * leaves nothing behind.
   */
  static async build (repository: string, revision: string, progress: (text: string) => void): Promise<Checkout> {
    const checkout = new Checkout(repository, commitOf(repository, revision))
    try {
      progress(`${checkout.commit}: checking it out`)
      await checkout.#run(repository, 'git', 'worktree', 'add', '--quiet', '--detach', checkout.#folder, checkout.commit)
      progress(`${checkout.commit}: installing what it depends on`)
      // The program's packages have no install scripts that it needs.
      await checkout.#run(checkout.#folder, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
      progress(`${checkout.commit}: building it`)
      await checkout.#run(checkout.#folder, 'npm', 'run', 'build')
      return checkout
    } catch (error) {
      checkout.remove()
      throw error
    }
  }

  /** The path of the built program. */
  get main (): string { return join(this.#folder, 'dist', 'main.js') }

  /** Also ends a step that is running. */
  readonly remove = (): void => {
    process.removeListener('exit', this.remove)
    const { pid } = this.#step ?? {}
    // The process or the worktree may be gone already, or not be there yet.
    if (pid !== undefined) attempt(() => process.kill(-pid, 'SIGKILL'))
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 })
    attempt(() => execFileSync('git', ['worktree', 'remove', '--force', this.#folder], { cwd: this.#repository, stdio: 'ignore' }))
  }

  /** The step gets a process group of its own, because npm passes no signal on to its children. */
  async #run (cwd: string, command: string, ...args: string[]): Promise<void> {
    const step = this.#step = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [step.stdout, step.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-OUTPUT_KEPT) })
    }
    const [code, signal] = await once(step, 'close') as [number | null, NodeJS.Signals | null]
    this.#step = undefined
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed at ${this.commit} (${signal ?? `exit code ${code}`}): ${output.trim()}`)
  }
}

function attempt (work: () => unknown): void {
  try {
    work()
  } catch {}
}

function commitOf (repository: string, revision: string): string {
  try {
    return execFileSync('git', [
      'rev-parse', '--verify', '--short', `${revision}^{commit}`
    ], { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  } catch (error) {
    throw new UsageError(`git knows no revision '${revision}' here: ${(error as { stderr?: string }).stderr?.trim() ?? ''}`)
  }
}
