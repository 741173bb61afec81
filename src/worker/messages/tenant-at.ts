/**
 * A tenant as the process names it: Loki's own name of it, empty where there is none, and `@path` behind it where one
 * of LOKEAN_LOKI_PATHS leads to it. No tenant of Loki has an @ in its name, so no record can name a path.
 */
export function tenantAt (name: string, path: string | undefined): string {
  return path === undefined ? name : `${name}@${path}`
}

export function partsOfTenant (tenant: string): { name: string, path: string | undefined } {
  const at = tenant.indexOf('@')
  return at < 0 ? { name: tenant, path: undefined } : { name: tenant.slice(0, at), path: tenant.slice(at + 1) }
}

/** The tenant that is read for what was pushed as `tenant`. `own`: LOKEAN_LOKI_QUERY_TENANT. */
export function readAs (own: string | undefined, tenant: string): string {
  return own === undefined ? tenant : tenantAt(own, partsOfTenant(tenant).path)
}
