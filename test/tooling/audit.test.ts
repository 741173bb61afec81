import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'

/** Runs `.ci/audit` with an npm that writes this to stdout and ends with this code. */
function audit (t: TestContext, answer: string, code: number): { status: number | null, stdout: string, stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'answer'), answer)
  const npm = join(folder, 'npm')
  writeFileSync(npm, `#!/bin/sh\n[ "$*" = "audit --omit=dev --json" ] || exit 9\necho "npm warn something" >&2\ncat "${join(folder, 'answer')}"\nexit ${code}\n`)
  chmodSync(npm, 0o755)
  const { status, stdout, stderr } = spawnSync(join('.ci', 'audit'), {
    env: { PATH: [folder, dirname(process.execPath), process.env.PATH].join(delimiter) }, encoding: 'utf8'
  })
  return { status, stdout, stderr }
}

const report = (total: number, vulnerabilities = {}): string => JSON.stringify({
  auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: { total } }
})
const refused = (statusCode: number, message: string): string => JSON.stringify({ message, method: 'POST', uri: 'https://registry.example.org/-/npm/v1/security/advisories/bulk', statusCode, body: '' })

test('nothing known: it passes, and says so', t => {
  assert.deepEqual(audit(t, report(0), 0), { status: 0, stdout: 'audit: no known flaw in what ships\n', stderr: '' })
})

test('a finding fails, by name', t => {
  const { status, stdout, stderr } = audit(t, report(1, { leaky: { name: 'leaky', severity: 'high', range: '<1.2.3' } }), 1)
  assert.deepEqual([status, stdout, stderr], [1, '', 'audit: leaky <1.2.3: high\n'])
})

for (const status of [404, 405, 410, 501]) {
  test(`a registry without the endpoint (${status}): it passes, and says that it was skipped`, t => {
    const { status: code, stdout } = audit(t, refused(status, `${status} - POST .../advisories/bulk`), 1)
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^audit: SKIPPED, nothing was checked: .*${status}`))
  })
}

for (const [what, answer] of [
  ['one that fails', refused(500, '500 Internal Server Error')], ['one that wants a login', refused(401, '401 Unauthorized')],
  ['no network', JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'request failed' } })], ['nothing at all', ''], ['text', 'npm ERR!']
] as const) {
  test(`${what}: it cannot be told, and fails`, t => {
    const { status, stdout, stderr } = audit(t, answer, 1)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^audit: npm could not tell: ./)
  })
}
