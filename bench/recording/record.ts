import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A line of output, and how long after the start it came. */
export interface ShownLine { afterMs: number, text: string }

/** Runs a program of Node and notes each line of its output, progress included, in the order in which they came. */
export async function record (program: readonly string[], env: NodeJS.ProcessEnv): Promise<ShownLine[]> {
  const start = performance.now()
  const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: ShownLine[] = []
  const ends = [child.stdout, child.stderr].map(async stream => {
    for await (const text of createInterface({ input: stream })) lines.push({ afterMs: performance.now() - start, text })
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [status] = await Promise.all([code, ...ends])
  if (status !== 0) throw new Error(`node ${program.join(' ')} ended with ${status}: ${lines.map(({ text }) => text).join('\n')}`)
  return lines
}
