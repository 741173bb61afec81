import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TenantNames } from '../../../src/ops/tenant-names.ts'

test('the first 256 tenants are named, all others share a name', () => {
  const names = new TenantNames()
  for (let i = 0; i < 300; i++) assert.equal(names.labelOf(`t${i}`), i < 256 ? `t${i}` : 'other')
  assert.equal(names.labelOf('t0'), 't0')
  assert.equal(names.labelOf('t299'), 'other')
  assert.equal([...names.named].length, 256)
})
