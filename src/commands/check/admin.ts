import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../../config/config.ts'
import { formatHostPort } from '../../config/endpoints.ts'
import { askAdmin } from '../admin-port.ts'
import { type Finding, unfit } from './finding.ts'

const ADMIN_TIMEOUT_MS = 3_000

/** Looks whether `run` could listen on LOKEAN_ADMIN_ADDR. A Lokean that runs there already is no fault. */
export async function tryAdmin (admin: Config['admin']): Promise<Finding> {
  const { host, port } = admin
  const where = formatHostPort(host, port)
  const strange = await notOurs(host)
  if (strange !== undefined) {
    return unfit(`${where}: nothing can listen on this address (${strange})`, 'LOKEAN_ADMIN_ADDR must name an address of this machine')
  }
  if (port === 0) return { ok: true, detail: `${where}: any free port` }
  try {
    const { status, body } = await askAdmin(admin, '/metrics', ADMIN_TIMEOUT_MS)
    const version = /^lokean_build_info\{[^}]*version="([\w.+-]*)"/m.exec(body)?.[1]
    if (version !== undefined) return { ok: true, detail: `${where}: Lokean ${version} runs here` }
    if (status === 401) {
      return unfit(`${where}: what runs here asks for another token`, 'LOKEAN_ADMIN_TOKEN must be that of the process that runs')
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return { ok: true, detail: `${where}: free` }
  }
  return unfit(`${where}: the port is in use, and not by Lokean`, 'LOKEAN_ADMIN_ADDR must name another port')
}

/** Why nothing here can listen on this address, whatever the port. */
async function notOurs (host: string): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ host, port: 0 })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}
