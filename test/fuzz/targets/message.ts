import assert from 'node:assert/strict'
import { decodePush } from '../../../src/embedded/loki/push/push-decode.ts'
import { parseLabels } from '../../../src/embedded/loki/push/label-parser.ts'
import { PushColumns } from '../../../src/embedded/loki/push/push-columns.ts'
import { snappyDecode, snappyLength } from '../../../src/embedded/loki/push/snappy-decode.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'
import { Encoder } from '../../../src/worker/encoder.ts'
import { readBody } from '../../../src/worker/input/amqp-body.ts'
import {
  captures, decodeParts, type DecodedEntry, encoderSettings, encodeTask, mappings, recordText, rsyslogMessage
} from '../../helpers/worker-fixtures.ts'
import { body } from './body.ts'
import { record } from './record.ts'
import { type Target, words } from '../target.ts'

/** Settings that break input into many pieces: short lines, small pushes, a tenant for each record. */
const PIECES_IN_LINE = 1
/** The encoder with rules that drop and redact. */
const FILTERED = 3
const ENCODERS = [
  new Encoder(encoderSettings({ maxLineBytes: 1024, pushBytes: 64 * 1024, shards: 3, maxDisorderMs: Infinity })),
  new Encoder(encoderSettings({ metadata: [], maxLineBytes: 1024, maxDisorderMs: Infinity })),
  new Encoder(encoderSettings({
    tenant: { kind: 'field', field: 'tenant' },
    labels: mappings('m=message,t=@timestamp,x=message'),
    metadata: mappings('message,tag,other')
  })),
  new Encoder(encoderSettings({
    labels: mappings('message,source,host'),
    metadata: mappings('message,tag,request_id'),
    maxLineBytes: 1024,
    drop: [{ name: 'noise', text: 'noise' }, { name: 'debug', level: 'debug' }],
    redact: [{ name: 'mine', text: 'secret=', pattern: 'secret=\\w*' }]
  }))
]

/**
 * Whole messages, one or two in a batch. Loki's reading of the pushes has each record once, whole or in numbered
 * pieces, but for those that are empty.
 */
export const message: Target = {
  name: 'message',
  words: [...body.words, ...record.words, ...words('secret=', 'secret=x', 'sec', 'ret=', '\\u0073ecret=', 'noise')],
  seeds: () => [
    ...captures().map(({ bytes }) => bytes.subarray(0, 4096)),
    rsyslogMessage(['', '{', recordText(), recordText(), recordText({ message: 'x'.repeat(3000) }), recordText({ tenant: 't' })]),
    rsyslogMessage([
      recordText({ message: 'secret=x', tag: 'secret=' }), recordText({ message: 'noise' }), '{"message":"\\u0073ecret=x"'
    ])
  ],
  run (input) {
    const seen: string[] = []
    let expected = 0
    readBody(input, 0, input.length, { record: () => { expected++ }, bad: () => { expected++ } })
    for (const [i, encoder] of ENCODERS.entries()) {
      for (const times of [1, 2]) {
        const task = encodeTask(Array.from({ length: times }, () => input))
        const { parts, records, empty, joined, dropped, quarantined, mended } = encoder.encode(task)
        assert.equal(records, times * expected, 'records that were found')
        for (const part of parts) readAsLoki(part)
        const stored = decodeParts(parts)
        if (i === FILTERED) for (const entry of stored) assert.ok(!textOf(entry).includes('secret='), 'what a rule redacts')
        const kept = records - empty - dropped.reduce((sum, count) => sum + count, i === FILTERED ? joined : 0)
        const entries = stored.filter(({ line, metadata }) => !/^([2-9]|[1-9]\d+)\//.test(metadata.piece ?? '') &&
          !(i === PIECES_IN_LINE && /^\[([2-9]|[1-9]\d+)\/\d+\] /.test(line)))
        // A line may look like a numbered piece; the count then seems too low.
        if (i !== PIECES_IN_LINE || !input.includes('] ')) assert.equal(entries.length, kept, 'records in and entries out')
        seen.push(`${i} ${[...quarantined].map(Math.sign)} ${[...mended].map(Math.sign)} ${Math.min(9, parts.length)}`)
      }
    }
    return seen
  }
}

/** All that is stored of a record, what is written in base64 also without. */
function textOf ({ labels, line, metadata }: DecodedEntry): string {
  const bytes = / bytes, base64: (.*)/.exec(line)?.[1] ?? ''
  return [labels, line, ...Object.values(metadata), Buffer.from(bytes, 'base64').toString('latin1')].join('\n')
}

/** The embedded Loki must take the part, with as many entries as the part says. */
function readAsLoki ({ body, records }: Part): void {
  const block = Buffer.from(body)
  const { length, start } = snappyLength(block)
  const raw = Buffer.alloc(length)
  snappyDecode(block, start, raw, 0, length)
  const columns = new PushColumns()
  decodePush(raw, 0, raw.length, columns)
  assert.equal(columns.entries, records, 'entries that the part says it has')
  for (let stream = 0; stream < columns.streams; stream++) {
    const labels = parseLabels(raw.toString('utf8', columns.labelsStart[stream], columns.labelsEnd[stream]))
    assert.ok(labels.length > 0 && labels.every(({ value }) => Buffer.byteLength(value) <= 2048), 'labels that Loki takes')
  }
}
