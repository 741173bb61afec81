import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detectLevel } from '../../../../../src/embedded/loki/push/detected-level.ts'
import { normalName } from '../../../../../src/embedded/loki/push/metadata.ts'
import type { Label } from '../../../../../src/embedded/loki/store/label-set.ts'

const labels = (pairs: Record<string, string>): Label[] => Object.entries(pairs).map(([name, value]) => ({ name, value }))

for (const [stream, metadata, line, expected] of [
  [{ level: 'error' }, { level: 'info' }, 'debug: x', 'error'],
  [{}, { severity: '5' }, 'x', '5'],
  [{}, { severity: '5', level: 'critical' }, 'x', 'critical'],
  [{}, { level: '' }, 'an error', undefined],
  [{}, { severity_number: '17' }, 'x', 'error'],
  [{}, { severity_number: '0' }, 'x', 'unknown'],
  [{}, { severity_number: 'x' }, 'x', 'info'],
  [{}, {}, 'one error line', 'error'],
  [{}, {}, 'info and error', 'info'],
  [{}, {}, 'WARNING x', 'warn'],
  [{}, {}, 'critical: x', 'critical'],
  [{}, {}, 'critical x', 'unknown'],
  [{}, {}, 'DEBUG: x', 'debug'],
  [{}, {}, 'three=3 level=warn', 'warn'],
  [{}, {}, 'severity=info LVL="ERR" Level=dbg', 'debug'],
  [{}, {}, 'a=b an error', 'error'],
  [{}, {}, '{"level":"dbg"}', 'debug'],
  [{}, {}, ' {"msg":"x","severity":"Fatal"} ', 'fatal'],
  [{}, {}, '{"level": not json} error', 'error'],
  [{}, {}, '{not json error}', 'error'],
  [{}, {}, '', 'unknown']
] as Array<[Record<string, string>, Record<string, string>, string, string | undefined]>) {
  test(`level of ${JSON.stringify([stream, metadata, line])}`, () => {
    assert.equal(detectLevel(labels(stream), labels(metadata), () => line), expected)
  })
}

test('names of metadata are mended as Loki mends them', () => {
  assert.deepEqual(['http.status', 'a-b', '1x', '_x', '__x', 'čas', 'plain_1'].map(normalName), [
    'http_status', 'a_b', 'key_1x', 'key_x', '__x', 'čas', 'plain_1'
  ])
})
