import type { IForbiddenRuleType } from 'dependency-cruiser'
import { COMMON, DOORS, ROOMS } from './rooms.ts'

const severity = 'error'

function pattern (room: string): string {
  return room.endsWith('.ts') ? `^src/${room.replaceAll('.', '\\.')}$` : `^src/${room}/[^/]+$`
}

/** Files of a folder that are rooms of their own. */
function filesApart (room: string): string[] {
  return Object.keys(ROOMS).filter(one => one.endsWith('.ts') && one !== room).map(pattern)
}

const common = COMMON.map(pattern)

const rooms = Object.entries(ROOMS).map(([room, imports]): IForbiddenRuleType => ({
  name: `${room} imports only the rooms that the table says`,
  severity,
  from: { path: pattern(room), pathNot: filesApart(room) },
  to: { path: '^src/', pathNot: [room, ...imports].map(pattern).concat(common) }
}))

const doors = Object.entries(DOORS).map(([name, door]): IForbiddenRuleType => ({
  name: `${name} is imported only where the table says`,
  severity,
  from: { path: '^src/', pathNot: door.source },
  to: { path: `^node_modules/${name}/` }
}))

export const RULES: IForbiddenRuleType[] = [
  { name: 'no circle', severity, from: {}, to: { circular: true } },
  { name: 'every import is found', severity, from: {}, to: { couldNotResolve: true } },
  { name: 'what all may import imports no room', severity, from: { path: common }, to: { path: '^src/', pathNot: common } },
  { name: 'the program needs no test, bench or deployment', severity, from: { path: '^src/' }, to: { path: '^(test|bench|deploy)/' } },
  { name: 'benches and deployments need no test', severity, from: { path: '^(bench|deploy)/' }, to: { path: '^test/' } },
  {
    name: 'the program needs no package of the development',
    severity,
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] }
  },
  {
    name: 'a worker thread reaches neither the bus, nor HTTP, nor logs, nor metrics',
    severity,
    from: { path: '^src/worker/encode\\.worker\\.ts$' },
    to: { path: ['^src/log\\.ts$', '^node_modules/(rhea|undici|pino|prom-client)/'], reachable: true }
  },
  ...rooms,
  ...doors
]
