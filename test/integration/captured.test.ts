import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { captured } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'

/** Returns what must be stored of a record of rsyslog's, in the plain way. */
function expected (record: Buffer): { time: bigint, line: string, labels: string } {
  const fields = JSON.parse(record.toString('utf8')) as Record<string, string>
  const [, whole, fraction = ''] = /^(.{19})(?:\.(\d+))?\+00:00$/.exec(fields['@timestamp']) ?? []
  const label = (name: string, value: string): string => `${name}="${value}"`
  return {
    time: BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0')),
    line: (fields.file ? fields.message : fields.message.replace(/^ /, '')).replace(/\n$/, ''),
    labels: `{${[label('cloud', fields.cloud), label('host', fields.host), label('region', fields.region), label('service_name', fields.source), label('source', fields.source)].join(', ')}}`
  }
}

test('every message captured from rsyslog arrives in the store byte for byte', async t => {
  // All captures are of one day. Without these settings they would be too old after a week.
  const stack = await Stack.start(t, {
    workers: 2,
    env: { LOKEAN_LOKI_MAX_AGE: '3650d', LOKEAN_LOKI_MAX_AHEAD: '1h', LOKEAN_LOKI_MAX_DISORDER: '3650d' },
    loki: { limits: { maxAgeMs: Infinity, disorderMs: Infinity } }
  })
  const sender = await stack.sender()
  for (const { message, records, count, file, sha256OfConcatenatedRecords } of captured()) {
    const before = stack.stored().length
    assert.equal(await sender.send(message), 'accepted', file)
    const stored = stack.stored().slice(before).sort((a, b) => a.time < b.time ? -1 : 1)
    assert.equal(stored.length, count, `${file}: as many entries as records`)
    const taken = new Set<string>()
    const wanted = records.map(expected).map(entry => {
      while (taken.has(`${entry.labels} ${entry.time}`)) entry.time++
      taken.add(`${entry.labels} ${entry.time}`)
      return entry
    }).sort((a, b) => a.time < b.time ? -1 : 1)
    for (const [i, { time, line, labels }] of wanted.entries()) {
      assert.equal(stored[i].time, time, `${file}: time of record ${i}`)
      assert.equal(stored[i].line.toString(), line, `${file}: line of record ${i}`)
      assert.equal(stored[i].labels, labels, `${file}: stream of record ${i}`)
    }
    // The index holds only the first records of a large message. A digest of the whole message checks the others.
    if (records.length === count) {
      assert.equal(
        createHash('sha256').update(Buffer.concat(records)).digest('hex'), sha256OfConcatenatedRecords, file
      )
    } else assert.equal(new Set(stored.map(({ line }) => line.toString())).size, count, `${file}: all lines differ`)
  }
  assert.equal(await stack.metric('lokean_records_mended_total', { reason: 'utf8' }), 1, 'the one that is not UTF-8')
})
