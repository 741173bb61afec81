import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Config } from '../../config/config.ts'
import { formatHostPort } from '../../config/endpoints.ts'
import { localUrl } from '../health.ts'
import { type Finding, unfit } from './finding.ts'

const ADMIN_TIMEOUT_MS = 3_000

/** Looks whether `run` could listen on LOKEAN_ADMIN_ADDR. A Lokean that runs there already is no fault. */
export async function tryAdmin ({ host, port }: Config['admin']): Promise<Finding> {
  const where = formatHostPort(host, port)
  const strange = await notOurs(host)
  if (strange !== undefined) {
    return unfit(`${where}: nothing can listen on this address (${strange})`, 'LOKEAN_ADMIN_ADDR must name an address of this machine')
  }
  if (port === 0) return { ok: true, detail: `${where}: any free port` }
  try {
    const version = /^lokean_build_info\{[^}]*version="([\w.+-]*)"/m.exec(await metricsOf(localUrl({ host, port })))?.[1]
    if (version !== undefined) return { ok: true, detail: `${where}: Lokean ${version} runs here` }
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

async function metricsOf (url: string): Promise<string> {
  const request = get(`${url}/metrics`, { agent: false, signal: AbortSignal.timeout(ADMIN_TIMEOUT_MS) })
  // An error after the response also comes from there.
  request.on('error', () => {})
  const [response] = await once(request, 'response') as [IncomingMessage]
  return await text(response)
}
