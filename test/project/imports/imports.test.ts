import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ICruiseResult } from 'dependency-cruiser'
import { arrowsOf, cruise } from './cruise.ts'
import { COMMON, roomOf, ROOMS } from './rooms.ts'
import { RULES } from './rules.ts'

const found = await cruise(['src', 'bench', 'test', 'deploy'], RULES)
const arrows = arrowsOf(found.modules)

function violations ({ summary }: ICruiseResult): string[] {
  return summary.violations.map(({ rule, from, to, cycle }) => `${rule.name}: ${[from, ...cycle?.map(({ name }) => name) ?? [to]].join(' -> ')}`)
}

test('every import keeps the rules', () => {
  assert.ok(found.modules.some(({ source }) => source === 'src/worker/kernel/assembly/scan.ts'), 'AssemblyScript was looked at')
  assert.deepEqual(violations(found), [])
})

test('a circle of types alone is found', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-imports-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'one.ts'), "import type { Two } from './two.ts'\nexport interface One { two?: Two }\n")
  writeFileSync(join(folder, 'two.ts'), "import type { One } from './one.ts'\nexport interface Two { one?: One }\n")
  assert.match(violations(await cruise([folder], RULES)).join(), /^no circle: /)
})

test('every file of src is in a room of the table', () => {
  const known = [...Object.keys(ROOMS), ...COMMON]
  const files = found.modules.map(({ source }) => source).filter(source => source.startsWith('src/') && source.endsWith('.ts'))
  assert.deepEqual(files.filter(file => !known.includes(roomOf(file))), [])
})

test('no arrow runs back: a room imports only those that stand below it', () => {
  const order = Object.keys(ROOMS)
  assert.deepEqual(arrows.filter(({ from, to }) => order.indexOf(to) <= order.indexOf(from)), [])
})

test('the table allows nothing that no file imports', () => {
  const allowed = Object.entries(ROOMS).flatMap(([from, imports]) => imports.map(to => `${from} -> ${to}`))
  assert.deepEqual(allowed.filter(arrow => !arrows.some(({ from, to }) => `${from} -> ${to}` === arrow)), [])
})
