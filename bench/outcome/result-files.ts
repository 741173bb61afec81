import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../src/errors.ts'
import type { BenchResult } from './results.ts'

/** The folder of the results in the source tree, wherever the build puts this file. */
export const RESULTS: string = join(projectRoot(), 'bench', 'results')
export const LATEST: string = join(RESULTS, 'latest.json')
export const BASELINE: string = join(RESULTS, 'baseline.json')

const LISTS = ['pipeline', 'latency', 'hosts', 'everyday', 'inputs', 'storms', 'noisy', 'start', 'micro'] as const
const OBJECTS = ['floor', 'stall', 'idle', 'loki'] as const

/** Throws UsageError where there is no such file, or where the file holds no result. */
export function readResult (file: string): BenchResult {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new UsageError(missing ? `${file} does not exist: npm run bench writes latest.json, npm run bench -- --save-baseline also baseline.json` : `${file}: ${(error as Error).message}`)
  }
  try {
    return checked(JSON.parse(text))
  } catch (error) {
    throw new UsageError(`${file} holds no bench result: ${(error as Error).message.replace(/\s+/g, ' ')}`)
  }
}

function checked (value: unknown): BenchResult {
  const isObject = (one: unknown): boolean => typeof one === 'object' && one !== null && !Array.isArray(one)
  if (!isObject(value)) throw new TypeError('it is not an object')
  const result = value as Record<string, unknown>
  if (typeof result.at !== 'string' || !isObject(result.machine) || !isObject((result.machine as Record<string, unknown>).target)) {
    throw new TypeError('`at` or `machine` is missing')
  }
  for (const name of LISTS) if (result[name] !== undefined && !Array.isArray(result[name])) throw new TypeError(`\`${name}\` is not a list`)
  for (const name of OBJECTS) if (result[name] !== undefined && !isObject(result[name])) throw new TypeError(`\`${name}\` is not an object`)
  return value as BenchResult
}

/** Replaces the file as a whole: a reader gets the old or the new one. */
export function writeResult (file: string, result: BenchResult): void {
  write(file, `${JSON.stringify(result, undefined, 2)}\n`)
}

/** Replaces the file as a whole: a reader gets the old or the new one. */
export function write (file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

function projectRoot (): string {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('..', folder)
    if (above.href === folder.href) throw new Error('the bench lies outside its project')
    folder = above
  }
  return fileURLToPath(folder)
}
