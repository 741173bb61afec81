import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addresses } from '../../../src/config/addresses.ts'

function refused (text: string): string {
  const result = addresses.safeParse(text)
  return result.success ? assert.fail(`accepted: ${text}`) : result.error.issues[0]?.message ?? ''
}

test('plain addresses say nothing of their records', () => {
  assert.deepEqual(addresses.parse('rsyslog/logs, /queue/a=b?c%3Bd'), [
    { address: 'rsyslog/logs', labels: [], tenant: undefined }, { address: '/queue/a=b?c%3Bd', labels: [], tenant: undefined }
  ])
})

test('labels and a tenant, in any order, with spaces around', () => {
  assert.deepEqual(addresses.parse('rsyslog/a;cloud=cloudA;tenant=a, b ; tenant = b-1 ; region = r = "ü" ,c'), [
    { address: 'rsyslog/a', labels: [{ name: 'cloud', value: 'cloudA' }], tenant: 'a' },
    { address: 'b', labels: [{ name: 'region', value: 'r = "ü"' }], tenant: 'b-1' },
    { address: 'c', labels: [], tenant: undefined }
  ])
})

test('what is refused, with the reason', () => {
  const cases: Array<[string, RegExp]> = [
    ['', /empty/], ['a,,b', /number 2 is empty/], ['a b', /without spaces \("a b"\)/], ['a\u0000', /without spaces/],
    ['a,b;x=y,a', /"a" is there twice/], [Array.from({ length: 257 }, (_, i) => `a${i}`).join(), /at most 256/],
    [';cloud=a', /address in front of ;/], ['a;', /name=value behind each ; of an address \(""\)/], ['a;;x=y', /name=value/],
    ['a;cloud', /name=value .*\("cloud"\)/],
    ['a;=x', /label names that match/], ['a;1x=y', /label names that match/], ['a;__x=y', /start with __/],
    ['a;x=', /a value behind = \("x="\)/],
    ['a;x=1;x=2', /each name once for an address \("x" is there twice for "a"\)/], ['a;tenant=x;tenant=y', /"tenant" is there twice/],
    ['a;x=\u0007', /without control characters/], [`a;x=${'é'.repeat(1025)}`, /at most 2048 bytes \("x" has 2050\)/],
    ['a;tenant=x/y', /must be a tenant of at most 150 .* behind tenant= \("x\/y"\)/], ['a;tenant=..', /must be a tenant/],
    [`a;tenant=${'x'.repeat(151)}`, /must be a tenant/]
  ]
  for (const [text, reason] of cases) assert.match(refused(text), reason, text)
  assert.equal(addresses.parse(`a;x=${'é'.repeat(1024)}`)[0].labels[0].value.length, 1024)
})
