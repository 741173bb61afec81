import { cruise as cruiseFiles, type ICruiseResult, type IForbiddenRuleType, type IModule } from 'dependency-cruiser'
import { COMMON, roomOf } from './rooms.ts'

/** Follows every import below the folders, imports of types too. */
export async function cruise (folders: string[], forbidden: IForbiddenRuleType[] = []): Promise<ICruiseResult> {
  const { output } = await cruiseFiles(folders,
    { tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' }, validate: true, ruleSet: { forbidden } },
    { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'], extensions: ['.ts', '.js'] })
  return output as ICruiseResult
}

/** One room imports another. `typeOnly`: it imports only types. */
export interface Arrow { from: string, to: string, typeOnly: boolean }

/** Returns the imports between the rooms of src, without what all may import. */
export function arrowsOf (modules: readonly IModule[]): Arrow[] {
  const arrows = new Map<string, Arrow>()
  for (const { source, dependencies } of modules.filter(({ source }) => inRoom(source))) {
    for (const { resolved, dependencyTypes } of dependencies.filter(({ resolved }) => inRoom(resolved))) {
      const [from, to] = [roomOf(source), roomOf(resolved)]
      if (from === to) continue
      const typeOnly = dependencyTypes.includes('type-only') && arrows.get(`${from} ${to}`)?.typeOnly !== false
      arrows.set(`${from} ${to}`, { from, to, typeOnly })
    }
  }
  return [...arrows.values()]
}

function inRoom (file: string): boolean {
  return file.startsWith('src/') && !COMMON.includes(file.slice('src/'.length))
}
