import type { Role } from './log-source.ts'

export interface Host { readonly name: string, readonly role: Role, readonly cloud: string, readonly region: string }

/**
 * Of twenty machines of a cloud, one is a controller, one a network node, one a storage node, and the others compute.
 */
const PATTERN: readonly Role[] = ['controller', 'network', 'storage', ...new Array<Role>(17).fill('compute')]

/**
 * Makes the machines, and gives them to the clouds in turn. The last third of each cloud's machines is in a second
 * region.
 */
export function buildFleet (hosts: number, clouds: number): Host[] {
  const perCloud = Math.ceil(hosts / clouds)
  const numbers = new Map<string, number>()
  return Array.from({ length: hosts }, (_, index): Host => {
    const cloud = `cloud${index % clouds + 1}`
    const place = Math.floor(index / clouds)
    const role = PATTERN[place % PATTERN.length]!
    const number = numbers.get(cloud + role) ?? 0
    numbers.set(cloud + role, number + 1)
    return {
      name: `${role}-${String(number).padStart(4, '0')}.${cloud}.example.org`,
      role,
      cloud,
      region: place * 3 < perCloud * 2 ? 'regionOne' : 'regionTwo'
    }
  })
}
