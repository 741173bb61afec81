import assert from 'node:assert/strict'
import { Encoder } from '../../../src/worker/encoder.ts'
import { encodeMessages } from '../../helpers/encode-records.ts'
import { model, MODEL_SETTINGS, type Stored } from '../../helpers/record-model.ts'
import { parseSelector } from '../../helpers/selector.ts'
import { captures, recordText, rsyslogMessage } from '../../helpers/worker-fixtures.ts'
import { type Target, words } from '../target.ts'

/** All inputs share one encoder: earlier input must make no difference. */
const encoder = new Encoder(MODEL_SETTINGS)
const OTHER = recordText({ cloud: 'the other', file: 'f', message: 'a "line"' })

/** A record between two others. Its entry equals that of a plain encoder, and the others stay as they are. */
export const record: Target = {
  name: 'record',
  words: words('"', '\\', '\\u0000', '\\ud83d\\ude00', '\\udc00', '\\/', '{', '}', ':', ',', '[', ']', 'null', 'true', '1e3', '""',
    '"@timestamp":"2026-11-22T08:14:00.123456Z"', '"message":"', '"host":"h"', '"hostname":"', '"cloud":"c"',
    '"source":"', '"severity":"3"', '"tag":"a[1]:"', '"level":"', '"pid":1', '"__proto__":{}', '2026-11-22 08:00:01.234 7 INFO nova [req-1 req-2 u p] [instance: i] ', Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xe2, 0x82), Buffer.of(0xf4, 0x90, 0x80, 0x80),
    Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xc0, 0xaf), '\u2028', '\ufeff', '\0', '\n', 'T24:00:00', '+23:59', ' '.repeat(17),
    'x'.repeat(2049), '['.repeat(5000)),
  seeds: () => captures().flatMap(({ records }) => records.slice(0, 4)),
  run (input) {
    const expected = model(input)
    const { entries, counts, result } = encodeMessages([rsyslogMessage([OTHER, input, OTHER])], {}, encoder)
    assert.equal(entries.length + result.empty, 3, 'records in and entries out')
    if (expected === undefined) {
      assert.equal(result.empty, 1)
      return ['empty']
    }
    const mine = entries.map(entry => ({ ...entry, selector: parseSelector(entry.labels) }))
      .filter(({ selector }) => selector.cloud !== 'the other')
    // The record's own fields may name the other's cloud. The entries then look alike, and only their number counts.
    if (mine.length !== 1) return ['like the other']
    const [{ tenant, selector, line, time, metadata }] = mine
    const stored: Stored = { tenant, selector, line, time, metadata, counts: { ...counts } }
    assert.deepEqual(stored, expected)
    return [`${selector.quarantine ?? 'stored'} ${Object.keys(metadata)} ${Object.keys(selector)} ${Object.keys(expected.counts)}`]
  }
}
