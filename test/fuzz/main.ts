/** Feeds hostile input to all readers of input, and keeps what it learns. `npm run fuzz` */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { print, runCommand } from '../../bench/cli/command.ts'
import { FUZZ_USAGE, type FuzzArguments, parseFuzzArguments, type TargetName } from './arguments.ts'
import { CORPUS, FAILURES, readCorpus, writeInput } from './corpus.ts'
import { type Failure, runTarget } from './run.ts'

/** The most bytes that a target may hold at the end beyond those after its warm-up. */
const MAX_GROWTH = 64 * 2 ** 20

/** Returns the exit code. */
async function main (): Promise<number> {
  const options = parseFuzzArguments(process.argv.slice(2))
  if (options === undefined) return print(FUZZ_USAGE)
  if (options.replay !== undefined) return await replay(options.targets[0], options.replay)
  print(`fuzz: seed ${options.seed}\n`)
  let failed = 0
  for (const target of options.targets) if (!await fuzz(target, options)) failed++
  return failed > 0 ? 1 : 0
}

/** Returns whether all promises held. */
async function fuzz (target: TargetName, { seconds, targets, seed, keep }: FuzzArguments): Promise<boolean> {
  const corpus = readCorpus(target).map(({ input }) => input)
  const outcome = await runTarget({ target, corpus, search: { seconds: seconds / targets.length, seed } })
  if (outcome.kind !== 'done') {
    report(target, outcome, writeInput(FAILURES, outcome.input), seed)
    return false
  }
  const { runs, blocks, kept, grownBytes } = outcome
  print(`fuzz: ${target}: ${runs} inputs, ${corpus.length} of them from the corpus; ${blocks} bytes of code and answers, ${kept.length} inputs that reached new ones; ${(grownBytes / 2 ** 20).toFixed(1)} MiB more in use\n`)
  if (keep) for (const input of kept) writeInput(join(CORPUS, target), input)
  if (grownBytes <= MAX_GROWTH) return true
  process.stderr.write(`fuzz: ${target} holds ${grownBytes} bytes more than once it was warm (seed ${seed})\n`)
  return false
}

async function replay (target: TargetName, file: string): Promise<number> {
  const outcome = await runTarget({ target, corpus: [readFileSync(file)] })
  if (outcome.kind === 'done') return print(`fuzz: ${target} keeps its promises for ${file}\n`)
  report(target, outcome, file)
  return 1
}

function report (target: TargetName, { kind, input, error }: Failure, file: string, seed?: number): void {
  process.stderr.write(`fuzz: ${target} ${kind}${seed === undefined ? '' : ` (seed ${seed})`}: ${error}\n` +
    `fuzz: ${input.length} bytes in ${file}: ${input.toString('hex', 0, 64)}\nfuzz: again: npm run fuzz -- --only ${target} --replay ${file}\n`)
}

await runCommand('fuzz', main)
