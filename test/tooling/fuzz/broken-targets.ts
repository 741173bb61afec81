import type { Target } from '../../fuzz/target.ts'

const target = (name: string, run: (input: Buffer) => void): Target => ({
  name,
  words: [Buffer.from('needle')],
  seeds: () => [Buffer.from('hay')],
  run: input => {
    run(input)
    return []
  }
})
const held: unknown[] = []

/** Targets that break their promises for inputs with a needle in them. */
export const TARGETS: readonly Target[] = [
  target('throws', input => { if (input.includes('needle')) throw new TypeError(`at ${input.indexOf('needle')}`) }),
  target('hangs', input => { while (input.includes('needle')); }),
  target('dies', input => { while (input.includes('needle')) held.push(new Array(1000).fill(held.length)) }),
  target('grows', () => { held.push(Buffer.alloc(64 * 1024)) }),
  target('steps', input => { held.length = input[0] === 0xf1 ? 1 : 0 })
]
