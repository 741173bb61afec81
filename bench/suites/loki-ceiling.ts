import autocannon from 'autocannon'
import type { Config } from '../../src/config/config.ts'
import { spreadOf } from '../outcome/spread.ts'
import type { PreparedPush } from './loki-pushes.ts'

/** The outcome of prepared pushes. Percentiles are milliseconds from sending a push to its answer. */
export interface Pushed { recordsPerSecond: number, p50: number, p99: number, refused: number }

const PUSH_TIMEOUT_SECONDS = 60
/** An unreachable store fails every push, so the run ends after so many errors. */
const MOST_ERRORS = 20

/**
 * Sends each push once over so many connections. Each connection waits for an answer before its next push. Rejects
 * where no push is stored.
 */
export async function pushAll (
  loki: Config['loki'], baseUrl: string, pushes: readonly PreparedPush[], connections: number
): Promise<Pushed> {
  const headers = { 'content-type': 'application/x-protobuf', ...authorization(loki) }
  let taken = 0
  const next = (request: autocannon.Request): autocannon.Request => {
    // The count passes the number of pushes only after a broken connection; then one push is sent again.
    const { tenant, body } = pushes[taken++ % pushes.length]
    return { ...request, body, headers: tenant === '' ? { ...headers } : { ...headers, 'x-scope-orgid': tenant } }
  }
  const times: number[] = []
  const statuses = new Map<number, number>()
  const start = performance.now()
  let end = start
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    autocannon({
      url: `${baseUrl}/loki/api/v1/push`,
      method: 'POST',
      connections,
      amount: pushes.length,
      timeout: PUSH_TIMEOUT_SECONDS,
      bailout: MOST_ERRORS,
      sampleInt: 20, // autocannon checks for its end only once in this time
      requests: [{ setupRequest: next }]
    }, (error: Error | null, result: autocannon.Result) => error === null || error === undefined ? resolve(result) : reject(error))
      .on('response', (_client, status, _bytes, ms) => {
        end = performance.now()
        times.push(ms)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      })
  })
  const stored = [...statuses].reduce((sum, [status, count]) => status < 300 ? sum + count : sum, 0)
  if (stored === 0) throw new Error(`${baseUrl} took none of ${pushes.length} pushes: ${[...statuses].map(([status, count]) => `${count} times ${status}`).join(', ')} ${result.errors} errors`)
  const meanRecords = pushes.reduce((sum, { records }) => sum + records, 0) / pushes.length
  times.sort((a, b) => a - b)
  return {
    recordsPerSecond: stored * meanRecords / (end - start) * 1000,
    p50: spreadOf(times).median,
    p99: times[Math.ceil(times.length * 0.99) - 1],
    refused: times.length - stored + result.errors
  }
}

function authorization ({ login }: Config['loki']): Record<string, string> {
  const { username, password, token } = login.current
  if (token !== undefined) return { authorization: `Bearer ${token.reveal()}` }
  return username === undefined
    ? {}
    : { authorization: `Basic ${Buffer.from(`${username}:${password?.reveal() ?? ''}`).toString('base64')}` }
}
