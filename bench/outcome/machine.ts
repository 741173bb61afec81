import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { VERSION } from '../../src/version.ts'

export interface HostMachine {
  cpu: string
  cores: number
  memoryMb: number
  os: string
  node: string
  /** The version, and the commit in a checkout. */
  lokean: string
}

export interface Machine extends HostMachine {
  /** `bench` where the suite plays bus or store itself, else the host of the real one. */
  target: { bus: string, loki: string }
}

/** `target` names the bus and the store that the environment chose. */
export function describeMachine (target: Machine['target']): Machine {
  return { ...hostMachine(), target }
}

/** The machine this runs on. */
export function hostMachine (): HostMachine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    os: `${type()} ${release()}`,
    node: process.version,
    lokean: [VERSION, commit()].filter(part => part !== '').join(' ')
  }
}

/**
 * Returns the commit, with `-dirty` behind it where the measured code differs. Returns an empty text outside a
 * checkout.
 */
function commit (): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', 'src', 'package-lock.json') === '' ? '' : '-dirty')
  } catch {
    return ''
  }
}
