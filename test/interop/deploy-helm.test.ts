import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Manifest } from '../helpers/manifests.ts'
import { CHART, CHOICES, objectsOf, rendered, type Values } from '../helpers/chart.ts'
import { folder } from './peer-process.ts'

// Debian has no package of Helm, so not even CI misses it; the job of the image has it (.github/workflows/ci.yml).
const NEEDED = { skip: spawnSync('helm', ['version']).status !== 0 && 'not installed: helm' }

function helm (t: TestContext, values: Values, ...args: string[]): string {
  const file = join(folder(t), 'values.json')
  writeFileSync(file, JSON.stringify(values))
  const { status, stdout, stderr } = spawnSync('helm', [...args, '--values', file], { encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
  return stdout
}

/** The order and the digest of the settings, whose text is the renderer's own, may differ. */
function comparable (objects: Manifest[]): unknown[] {
  const texts = objects.map(one => JSON.stringify(one, (key, value: unknown) => key === 'checksum/settings' ? '' : value))
  return texts.sort().map(text => JSON.parse(text) as unknown)
}

for (const [what, values] of Object.entries({ 'its own values': {}, ...CHOICES })) {
  test(`Helm takes the chart with ${what}, and renders what the renderer of the tests does`, NEEDED, t => {
    helm(t, values, 'lint', '--strict', CHART)
    const text = helm(t, values, 'template', 'lokean', CHART, '--namespace', 'logs')
    assert.deepEqual(comparable(objectsOf(text)), comparable(rendered(values)))
  })
}
