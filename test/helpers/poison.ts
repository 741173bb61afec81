import { openSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { Encoder } from '../../src/worker/encoder.ts'
import type { EncodeTask } from '../../src/worker/messages/tasks.ts'

/**
 * What a message with ` poison=<how>` does to the worker that encodes it; with the suffix `-once`, only to the first
 * worker. V8 cannot interrupt such loops unless told to (src/worker/pool/thread-limits.ts).
 */
const POISONS: Record<string, () => void> = {
  throw: () => { throw new Error('poisoned') },
  exit: () => process.exit(7),
  memory: () => { for (const held: number[][] = []; ;) held.push(new Array<number>(1000).fill(held.length)) },
  hang: () => { for (let rows = 0; ; rows++) new Array<number>(1000).fill(rows) }
}

/**
 * The environment of a program whose workers take poison. `encoder`: the URL of their module. `dir`: remembers what has
 * struck once.
 */
export function poisoned (encoder: URL, dir: string): { NODE_OPTIONS: string, POISONED_ENCODER: string, POISON_DIR: string } {
  return { NODE_OPTIONS: `--import=${import.meta.url}`, POISONED_ENCODER: encoder.href, POISON_DIR: dir }
}

async function poison (): Promise<void> {
  const { Encoder } = await import(process.env.POISONED_ENCODER as string) as { Encoder: { prototype: Encoder } }
  const { encode } = Encoder.prototype
  Encoder.prototype.encode = function (task: EncodeTask) {
    for (const [i, start] of task.starts.entries()) strike(Buffer.from(task.bytes, start, task.ends[i] - start))
    return encode.call(this, task)
  }
}

function strike (message: Buffer): void {
  const found = message.indexOf(' poison=')
  if (found < 0) return
  const [, how, once] = / poison=([a-z]+)(-once)?/.exec(message.toString('latin1', found)) as RegExpExecArray
  if (once !== undefined && !first(how)) return
  POISONS[how]()
}

function first (how: string): boolean {
  try {
    openSync(join(process.env.POISON_DIR as string, how), 'wx')
    return true
  } catch {
    return false
  }
}

if (!isMainThread && process.env.POISONED_ENCODER !== undefined) await poison()
