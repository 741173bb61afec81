import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What node:test says of a test: the same of all Nodes, as far as it is used here. */
export interface Told {
  name: string
  nesting: number
  file?: string
  line?: number
  skip?: string | boolean
  todo?: string | boolean
  details: { passed?: boolean, type?: string, error?: Failure }
}

/** What a test failed with, in a wrapping of node:test's own; of a process, also how that ended. */
interface Failure extends Error { failureType?: string, exitCode?: number | null, signal?: string | null }

/** Where a test stands, as `file:line` below the folder in which all runs; '' where that is not said. */
export function place ({ file, line }: { file?: string, line?: number }): string {
  if (file === undefined) return ''
  const path = file.startsWith('file:') ? fileURLToPath(file) : file
  return `${relative(process.cwd(), path).replace(/^build\/(.*)\.js$/, '$1.ts')}:${line}`
}

export function isSuite ({ details: { type } }: Told): boolean {
  return type === 'suite'
}

/** Whether it failed only because something in it did, of which is told as well. */
export function isByOthers ({ details: { error } }: Told): boolean {
  return error?.failureType === 'subtestsFailed'
}
