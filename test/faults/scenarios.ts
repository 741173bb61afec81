import { readdirSync } from 'node:fs'
import { registry } from './scenario.ts'

const GROUPS = ['Loki', 'Bus', 'RELP', 'Lokean', 'Pressure']

/** Lists all scenarios in the code without running them: group by group, each in the order of its modules. */
export async function scenariosInCode (): Promise<Array<{ group: string, name: string }>> {
  registry.listOnly = true
  const ending = `.test${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`
  for (const module of readdirSync(new URL('.', import.meta.url)).filter(name => name.endsWith(ending)).sort()) {
    await import(new URL(module, import.meta.url).href)
  }
  const rank = (group: string): number => (GROUPS.indexOf(group) + GROUPS.length + 1) % (GROUPS.length + 1)
  return registry.scenarios.toSorted((a, b) => rank(a.group) - rank(b.group))
}
