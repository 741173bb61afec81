import { FACILITIES } from '../input/facilities.ts'
import type { Route } from '../messages/settings.ts'

/** A route for the records of one origin. The value of a condition is that of a label, or of the field in `slot`. */
export interface RouteRule {
  readonly when: ReadonlyArray<{ readonly slot: number, readonly value: string, readonly values: ReadonlySet<string> }>
  readonly to: Pick<Route, 'tenant' | 'path'>
}

interface Label { readonly name: string, readonly slot: number, readonly value: string }

/** `slotOf` finds the slot of a field that is no label. */
export function routeRules (routes: readonly Route[], labels: readonly Label[], slotOf: (field: string) => number): RouteRule[] {
  return routes.map(({ when, tenant, path }) => ({
    to: { tenant, path },
    when: when.map(({ name, values }) => {
      const { slot, value } = labels.find(label => label.name === name) ?? { slot: slotOf(name), value: '' }
      return { slot, value, values: new Set(name === 'facility' ? values.flatMap(spellings) : values) }
    })
  }))
}

/** Where the record goes whose fields have these texts; undefined where no route takes it. */
export function routeOf (rules: readonly RouteRule[], text: (slot: number) => string | undefined): RouteRule['to'] | undefined {
  return rules.find(({ when }) => when.every(({ slot, value, values }) => values.has(text(slot) ?? value)))?.to
}

/** A facility is written by name or by number. */
function spellings (facility: string): string[] {
  const number = FACILITIES.indexOf(facility)
  if (number >= 0) return [facility, `${number}`]
  const name = /^\d{1,2}$/.test(facility) ? FACILITIES[Number(facility)] : undefined
  return name === undefined ? [facility] : [facility, name]
}
