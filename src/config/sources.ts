import type { Origin } from '../worker/messages/settings.ts'
import type { OptionName, Values } from './options.ts'

/** The settings that name what is read from. */
export const SOURCES = ['LOKEAN_AMQP_ADDRESSES', 'LOKEAN_LISTEN', 'LOKEAN_SOCKET'] as const satisfies readonly OptionName[]

type Listening = NonNullable<Values['LOKEAN_LISTEN'] | [Values['LOKEAN_SOCKET']]>[number]

/** What is read from by one name, and the setting that names it. Where it is listened on, it has a place. */
export type NamedSource = Origin & { name: typeof SOURCES[number], place?: NonNullable<Listening>['place'] }

export function sources (v: Values): NamedSource[] {
  return [
    ...v.LOKEAN_AMQP_ADDRESSES.map((origin) => ({ ...origin, name: 'LOKEAN_AMQP_ADDRESSES' as const })),
    ...(v.LOKEAN_LISTEN ?? []).map((origin) => ({ ...origin, name: 'LOKEAN_LISTEN' as const })),
    ...(v.LOKEAN_SOCKET === undefined ? [] : [{ ...v.LOKEAN_SOCKET, name: 'LOKEAN_SOCKET' as const }])
  ]
}
