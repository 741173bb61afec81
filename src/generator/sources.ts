import { FURTHER_SOURCES } from './further-sources.ts'
import type { Source } from './log-source.ts'
import { OPENSTACK_SOURCES } from './openstack-sources.ts'
import { SYSTEM_SOURCES } from './system-sources.ts'

/** What the benches send: with others, their figures could not be compared with earlier ones. */
export const CLASSIC_SOURCES: readonly Source[] = [...OPENSTACK_SOURCES, ...SYSTEM_SOURCES]

export const SOURCES: readonly Source[] = [...CLASSIC_SOURCES, ...FURTHER_SOURCES]
