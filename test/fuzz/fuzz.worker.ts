/**
 * The thread in which a target runs. Whatever happens to the thread, its owner goes on and finds the input in the slot.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { minimise } from './minimise.ts'
import { Broken, runOne, search } from './search.ts'
import type { Target } from './target.ts'
import { type Ending, type Job, Slot } from './thread-protocol.ts'

const { target: name, module, corpus, slot: memory, search: wanted } = workerData as Job
const slot = new Slot(memory)
const { TARGETS } = await import(module) as { TARGETS: readonly Target[] }
const target = TARGETS.find(one => one.name === name)
if (target === undefined) throw new Error(`there is no target ${name}`)

parentPort?.postMessage(await end(target))

async function end (target: Target): Promise<Ending> {
  const inputs = corpus.map(bytes => Buffer.from(bytes))
  const onInput = (input: Buffer): void => slot.put(input)
  try {
    if (wanted === undefined) {
      for (const input of inputs) runOne(target, input, onInput)
      return { kind: 'done', runs: inputs.length, blocks: 0, kept: [], grownBytes: 0 }
    }
    const { seconds, seed, inputs: most = Infinity } = wanted
    const until = performance.now() + seconds * 1000
    const goesOn = (inputs: number): boolean => inputs < most && performance.now() < until
    return { kind: 'done', ...await search(target, { corpus: inputs, seed, goesOn, onInput, usedBytes }) }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    const input = await minimise(error.input, candidate => like(error, target, candidate, onInput))
    return { kind: 'broken', input, error: error.message }
  }
}

/** Whether the candidate breaks the same promise: the first lines of both errors are equal except for numbers. */
function like (error: Broken, target: Target, candidate: Buffer, onInput: (input: Buffer) => void): boolean {
  try {
    runOne(target, candidate, onInput)
    return false
  } catch (other) {
    return other instanceof Broken && firstLine(other) === firstLine(error)
  }
}

function firstLine ({ message }: Error): string {
  return message.split('\n', 1)[0].replace(/\d+/g, 'n')
}

function usedBytes (): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
