import { test } from 'node:test'
import assert from 'node:assert/strict'
import { type Answer, classify, parseRetryAfter, type RetryReason } from '../../../src/sink/classify.ts'

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0)
const MOST_MS = 600_000

/** The meaning of each status for the records of the push. */
const CLASSES: Array<[statuses: number[], kind: Answer['kind'], reason?: RetryReason]> = [
  [[204], 'stored'],
  // A login page, a proxy, and Loki's own block_ingestion_status_code: nothing is stored by these.
  [[200, 201, 202, 203, 205, 206, 226, 260, 299], 'retry', 'blocked'],
  [[301, 302, 307, 308, 401, 402, 404, 405, 407, 410, 415, 421, 431], 'retry', 'blocked'],
  // The last two are a firewall's, for a record, or a gateway's, for whoever pushes.
  [[400, 413, 422, 403, 406], 'rejected'],
  [[408], 'retry', '5xx'],
  [[429], 'retry', '429'],
  [[500, 501, 502, 503, 504, 507, 520, 599], 'retry', '5xx']
]

for (const [statuses, kind, reason] of CLASSES) {
  for (const status of statuses) {
    test(`${status} is ${kind}${reason === undefined ? '' : ` (${reason})`}`, () => {
      const answer = classify({ status, message: 'what Loki said', retryAfter: undefined }, NOW)
      assert.equal(answer.kind, kind)
      assert.equal(answer.status, status)
      if (answer.kind === 'retry') {
        assert.equal(answer.reason, reason)
        assert.equal(answer.message, `${status} what Loki said`)
        assert.equal(answer.retryAfterMs, undefined)
      }
      if (answer.kind === 'rejected') assert.equal(answer.message, 'what Loki said')
    })
  }
}

test('a further status means stored only where a setting says so, and 204 means it all the same', () => {
  for (const status of [200, 204]) {
    assert.deepEqual(classify({ status, message: '', retryAfter: undefined }, NOW, 200), { kind: 'stored', status })
  }
  assert.equal(classify({ status: 202, message: '', retryAfter: undefined }, NOW, 200).kind, 'retry')
})

test('what blocks every push comes with the setting to look at', () => {
  const hints: Array<[status: number, hint: RegExp]> = [
    [200, /LOKEAN_LOKI_URL.*LOKEAN_LOKI_STORED_STATUS/], [260, /policy/], [302, /redirect.*LOKEAN_LOKI_URL/],
    [401, /LOKEAN_LOKI_TENANT.*LOKEAN_LOKI_TOKEN/],
    [404, /path prefix in LOKEAN_LOKI_URL/], [405, /path prefix in LOKEAN_LOKI_URL/], [402, /LOKEAN_LOKI_URL/],
    [411, /length/], [415, /path prefix in LOKEAN_LOKI_URL/], [418, /firewall/], [421, /host in LOKEAN_LOKI_URL/], [451, /rule of a proxy/]
  ]
  for (const [status, hint] of hints) {
    const answer = classify({ status, message: '', retryAfter: undefined }, NOW)
    assert.match(answer.kind === 'retry' ? answer.hint ?? '' : '', hint)
  }
})

test('Retry-After is heeded where Loki limits or is unwell', () => {
  for (const status of [429, 503, 408]) {
    const answer = classify({ status, message: '', retryAfter: '7' }, NOW)
    assert.equal(answer.kind === 'retry' && answer.retryAfterMs, 7_000, String(status))
  }
})

const RETRY_AFTER: Array<[value: string | undefined, ms: number | undefined]> = [
  [undefined, undefined],
  ['', undefined],
  ['  ', undefined],
  ['0', 0],
  ['1', 1_000],
  [' 30 ', 30_000],
  ['600', MOST_MS],
  ['601', MOST_MS],
  ['99999999999999999999', MOST_MS],
  ['9'.repeat(400), MOST_MS],
  ['Sun, 22 Nov 2026 08:00:05 GMT', 5_000],
  ['Sunday, 22-Nov-26 08:00:05 GMT', 5_000],
  ['Sun Nov 22 08:00:05 2026 GMT', 5_000],
  ['Sun, 22 Nov 2026 07:00:00 GMT', 0],
  ['Sun, 22 Nov 2099 08:00:00 GMT', MOST_MS],
  // A lenient parser of dates would read these as some year.
  ['-5', undefined],
  ['1.5', undefined],
  ['soon 5', undefined],
  ['soon', undefined],
  ['5s', undefined],
  ['Infinity', undefined],
  ['Sun, 99 Nov 2026 08:00:05 GMT', undefined]
]

test('Retry-After is seconds or a date, at most ten minutes, and else nothing', () => {
  for (const [value, ms] of RETRY_AFTER) assert.equal(parseRetryAfter(value, NOW), ms, String(value))
})
