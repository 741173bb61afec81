import type { BenchResult, Sections } from './results.ts'

/**
 * Puts the sections of a run of some suites into the result of a whole one. Returns undefined where the two cannot
 * stand beside each other: another machine, bus or store, or one of them quick.
 */
export function renew (whole: BenchResult, part: BenchResult): BenchResult | undefined {
  const { at, quick, machine, renewed, notes, ...all } = part
  const sections = Object.fromEntries(Object.entries(all).filter(([, section]) => section !== undefined))
  const alike = whole.quick === quick && whole.machine.cpu === machine.cpu && whole.machine.cores === machine.cores &&
    whole.machine.target.bus === machine.target.bus && whole.machine.target.loki === machine.target.loki
  if (!alike) return undefined
  const origin = { at, lokean: machine.lokean }
  const since = Object.fromEntries(Object.keys(sections).map(name => [name, origin]))
  const noted = notes === undefined ? {} : { notes }
  return { ...whole, ...sections, ...noted, renewed: { ...whole.renewed, ...since as Record<keyof Sections, typeof origin> } }
}

/** Says which sections were measured later than the rest, when, and of which Lokean. Empty where none was. */
export function renewedText ({ renewed = {} }: BenchResult): string {
  const runs = new Map<string, string[]>()
  for (const [name, { at, lokean }] of Object.entries(renewed)) {
    const run = `on ${at.slice(0, 10)}, Lokean ${lokean}`
    runs.set(run, [...runs.get(run) ?? [], name])
  }
  return [...runs].map(([run, names]) => `${names.join(', ')} ${run}`).join('; ')
}
