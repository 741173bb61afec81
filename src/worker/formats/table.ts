import type { Format } from './format.ts'
import { NETWORK } from './network.ts'
import { OPENSTACK } from './openstack.ts'
import { OTHERS, TIMED } from './others.ts'
import { SERVICES } from './services.ts'
import { WEB } from './web.ts'

/** Formats that share an automaton, in order. All in one would have more states than are worth their memory. */
export const GROUPS: ReadonlyArray<readonly Format[]> = [OPENSTACK, SERVICES, NETWORK, WEB, OTHERS, ...TIMED.map(format => [format])]

/** All formats. Where two take a line, the first counts. */
export const FORMATS: readonly Format[] = GROUPS.flat()
