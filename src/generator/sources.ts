import type { Source } from './log-source.ts'
import { OPENSTACK_SOURCES } from './openstack-sources.ts'
import { SYSTEM_SOURCES } from './system-sources.ts'

export const SOURCES: readonly Source[] = [...OPENSTACK_SOURCES, ...SYSTEM_SOURCES]
