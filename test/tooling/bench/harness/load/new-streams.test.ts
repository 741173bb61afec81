import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordsOf } from '../../../../../bench/harness/load/message-pool.ts'
import { createNewStreams } from '../../../../../bench/harness/load/new-streams.ts'

test('each record of the pool is of another stream, and as many as asked for', () => {
  const { hosts, messages, recordsPerMessage } = createNewStreams({ streams: 2_000, recordsPerMessage: 10 })
  assert.deepEqual([hosts, messages.length, recordsPerMessage], [200, 200, 10])
  const streams = new Set<string>()
  for (const { bytes, times, numbers } of messages) {
    assert.deepEqual([times.length, numbers.length], [10, 10])
    for (const { start, end } of recordsOf(bytes)) {
      const { host, source, cloud, region } = JSON.parse(bytes.toString('utf8', start, end)) as Record<string, string>
      streams.add([host, source, cloud, region].join())
    }
  }
  assert.equal(streams.size, 2_000)
})
