import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionWarnings } from '../../../../src/commands/check/version.ts'
import { loadConfig } from '../../../../src/config/load.ts'

/** The warnings for a Loki that answers its build information with this. */
async function warnings (answer: { status: number, text: string } | Error, env: Record<string, string> = {}): Promise<string[]> {
  const asked: unknown[][] = []
  const client = {
    get: async (...call: unknown[]) => {
      asked.push(call.slice(0, 3))
      if (answer instanceof Error) throw answer
      return await Promise.resolve(answer)
    }
  }
  const found = await versionWarnings(client, 1, 'a', loadConfig(env).config, new AbortController().signal)
  assert.deepEqual(asked, env.LOKEAN_METADATA === undefined ? [[1, 'a', '/loki/api/v1/status/buildinfo']] : asked)
  return found
}

const told = (version: unknown): { status: number, text: string } => ({ status: 200, text: JSON.stringify({ version }) })

test('a Loki that adds a second level is named, with the setting of each side that mends it', async () => {
  for (const version of ['3.4.6', 'v3.6.2', '2.9.8', '3.0.0-rc.1']) {
    const [warning, ...more] = await warnings(told(version))
    assert.match(warning, /^Loki v?[23].* adds a second detected_level .*discover_log_levels: false.*LOKEAN_METADATA=level,file,pid,request_id,instance_id here$/)
    assert.deepEqual(more, [])
  }
  assert.match((await warnings(told('3.4.6'), { LOKEAN_METADATA: 'file,detected_level,n=pid' }))[0], /LOKEAN_METADATA=file,level,n=pid here$/)
})

test('nothing is said of one that keeps the level, that does not tell its version, or that gets no level of that name', async () => {
  for (const version of ['3.7.0', '3.7.6', 'v3.10.1', '4.0.0', 'main-abc', '', 7, null]) assert.deepEqual(await warnings(told(version)), [])
  for (const text of ['', 'null', '[]', '<html>', '"3.4.6"']) assert.deepEqual(await warnings({ status: 200, text }), [])
  assert.deepEqual(await warnings({ status: 404, text: '{"version":"3.4.6"}' }), [])
  assert.deepEqual(await warnings(new Error('reset')), [])
  for (const metadata of ['off', 'level,file']) assert.deepEqual(await warnings(told('3.4.6'), { LOKEAN_METADATA: metadata }), [])
})
