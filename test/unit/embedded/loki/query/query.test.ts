import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { EmbeddedLoki, LokiOptions } from '../../../../../src/embedded/loki/server.ts'
import { clock, get, lines, loki, push, type Answer } from '../push/logproto.ts'

const ns = (seconds: number): string => String(BigInt(clock + seconds * 1000) * 1_000_000n)
const range = { start: ns(-3000), end: ns(0) }

/** Stores two streams of one cloud. The tests expect what Loki 3.4.6 answered to the same pushes. */
async function example (t: TestContext, options: LokiOptions = {}): Promise<EmbeddedLoki> {
  const server = await loki(t, options)
  const at = (
    seconds: number, line: string, metadata: Record<string, string> = {}
  ): { ms: number, line: string, metadata: Record<string, string> } => ({ ms: clock + seconds * 1000, line, metadata })
  const answer = await push(server, [
    {
      labels: '{cloud="c1",source="sudo",service_name="sudo"}',
      entries: [
        at(-50, 'one error line <a> & b', { level: 'error', request_id: 'req-1' }), at(-40, 'two', { level: 'info', pid: '7' }),
        at(-40, 'two-b'), at(-30, 'three=3 level=warn')
      ]
    },
    {
      labels: '{cloud="c1",source="nova"}',
      entries: [at(-34, '{"level":"dbg"}'), at(-45, 'n1 "quoted" \\ tab\t \u0001 é'), at(-35, 'n2 info', { 'http.status': '200' })]
    }
  ])
  assert.equal(answer.status, 204)
  return server
}

interface Data {
  resultType: string, encodingFlags?: string[], result: Array<Record<string, unknown>>, stats: { summary: { totalLinesProcessed: number } }
}

async function data (
  server: EmbeddedLoki, params: Record<string, string>, path = 'query_range', headers: Record<string, string> = {}
): Promise<Data> {
  const answer = await get(server, `/loki/api/v1/${path}`, { ...range, ...params }, headers)
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.type, 'application/json; charset=UTF-8')
  const parsed = JSON.parse(answer.text) as { status: string, data: Data }
  assert.equal(parsed.status, 'success')
  return parsed.data
}

test('gives streams with their structured metadata, newest first', async (t) => {
  const server = await example(t)
  const { resultType, result, stats } = await data(server, { query: '{cloud="c1"}', limit: '3' })
  assert.equal(resultType, 'streams')
  assert.deepEqual(result, [
    { stream: { cloud: 'c1', detected_level: 'warn', service_name: 'sudo', source: 'sudo' }, values: [[ns(-30), 'three=3 level=warn']] },
    {
      stream: { cloud: 'c1', detected_level: 'debug', service_name: 'unknown_service', source: 'nova' },
      values: [[ns(-34), '{"level":"dbg"}']]
    },
    {
      stream: { cloud: 'c1', detected_level: 'info', http_status: '200', service_name: 'unknown_service', source: 'nova' },
      values: [[ns(-35), 'n2 info']]
    }
  ])
  assert.equal(stats.summary.totalLinesProcessed, 3)
})

test('gives oldest first on request, and keeps metadata apart for a client that can tell', async (t) => {
  const server = await example(t)
  const forward = await data(server, { query: '{cloud="c1"}', limit: '2', direction: 'FORWARD' })
  assert.deepEqual(forward.result.map(({ values }) => values), [
    [[ns(-50), 'one error line <a> & b']], [[ns(-45), 'n1 "quoted" \\ tab\t \u0001 é']]
  ])
  const apart = await data(server, {
    query: '{cloud="c1"}', limit: '2'
  }, 'query_range', { 'x-loki-response-encoding-flags': 'categorize-labels' })
  assert.deepEqual(apart.encodingFlags, ['categorize-labels'])
  assert.deepEqual(apart.result, [
    {
      stream: { cloud: 'c1', service_name: 'sudo', source: 'sudo' },
      values: [[ns(-30), 'three=3 level=warn', { structuredMetadata: { detected_level: 'warn' } }]]
    },
    {
      stream: { cloud: 'c1', service_name: 'unknown_service', source: 'nova' },
      values: [[ns(-34), '{"level":"dbg"}', { structuredMetadata: { detected_level: 'debug' } }]]
    }
  ])
})

test('start is part of the range, end is not', async (t) => {
  const server = await example(t)
  assert.deepEqual(await lines(server, '{source="sudo"}', { start: ns(-50), end: ns(-30) }), ['one error line <a> & b', 'two', 'two-b'])
  assert.deepEqual(await lines(server, '{source="sudo"}', { start: ns(-49.999), end: ns(-29.999) }), ['two', 'two-b', 'three=3 level=warn'])
})

test('takes times as nanoseconds, seconds, fractions and RFC 3339, and a length back from the end', async (t) => {
  const server = await example(t)
  const expected = ['two', 'two-b', 'three=3 level=warn']
  for (const start of [
    ns(-42), String((clock - 42_000) / 1000), String(Math.floor(clock / 1000) - 41), new Date(clock - 42_000).toISOString(),
    '2026-11-22T09:09:33.191000001+01:00'
  ]) {
    assert.deepEqual(await lines(server, '{source="sudo"}', { start }), expected, start)
  }
  const since = await data(server, { query: '{source="sudo"}', start: '', end: '', since: '42s' })
  assert.equal(since.result.flatMap(({ values }) => values as string[]).length, 3)
})

for (const [stages, expected] of [
  ['| level="error"', ['one error line <a> & b']],
  ['| request_id=~"req-.*"', ['one error line <a> & b']],
  ['| request_id=~"req"', []],
  ['| level!="error" | level!=""', ['two']],
  ['| detected_level=`warn`', ['three=3 level=warn']],
  ['| level="error" or pid="7"', ['one error line <a> & b', 'two']],
  ['| (level="error" or pid="7") and pid!="7"', ['one error line <a> & b']],
  ['| level="info", pid="7"', ['two']],
  ['| source="nova" | http_status="200"', ['n2 info']],
  ['| nope="" |= "n2"', ['n2 info']],
  ['|= `two` != "-b"', ['two']],
  ['|= "one" or "three"', ['one error line <a> & b', 'three=3 level=warn']],
  ['|= "" |~ `t(w|h)`', ['two', 'two-b', 'three=3 level=warn']],
  ['!~ "(?i)T[WH]" |~ "^n[12]"', ['n1 "quoted" \\ tab\t \u0001 é', 'n2 info']],
  ['|= "é"', ['n1 "quoted" \\ tab\t \u0001 é']]
] as Array<[string, string[]]>) {
  test(`filters: ${stages}`, async (t) => {
    assert.deepEqual(await lines(await example(t), `{cloud="c1"} ${stages}`), expected)
  })
}

test('drop and keep change the labels shown', async (t) => {
  const server = await example(t)
  const shown = async (stages: string): Promise<unknown[]> =>
    (await data(server, { query: `{source="nova"} ${stages}` })).result.map(({ stream }) => stream)
  assert.deepEqual(
    await shown('|= "n2" | drop detected_level, source="nova", cloud="other"'),
    [{ cloud: 'c1', http_status: '200', service_name: 'unknown_service' }]
  )
  assert.deepEqual(await shown('|= "n2" | keep http_status'), [{ http_status: '200' }])
  assert.equal((await shown('| drop detected_level, http_status')).length, 1)
})

test('metadata named like a label of the stream is shown beside it', async (t) => {
  const server = await loki(t)
  await push(server, [{ labels: '{a="label"}', entries: [{ ms: clock, line: 'x', metadata: { a: 'metadata' } }] }])
  const { result } = await data(server, { query: '{a="label"}', end: ns(1) })
  assert.deepEqual(result[0].stream, { a: 'label', a_extracted: 'metadata', detected_level: 'unknown', service_name: 'unknown_service' })
})

test('an interval thins out what is returned', async (t) => {
  const server = await example(t)
  assert.deepEqual(await lines(server, '{cloud="c1"}', { interval: '12s' }), ['one error line <a> & b', 'n2 info'])
})

const byLevel = 'sum by (level, detected_level) (count_over_time({cloud="c1"} | drop __error__[10s]))'

test('counts by level in steps aligned to the step, as Grafana\'s log volume asks', async (t) => {
  const server = await example(t)
  const { resultType, result } = await data(server, { query: byLevel, step: '10', start: ns(-60) })
  // The clock stands at second 15.191 of a minute. Entries lie at ...25.191, 30.191, 35.191, 40.191, 41.191 and 45.191.
  const base = Math.floor(clock / 10_000) * 10
  assert.equal(resultType, 'matrix')
  assert.deepEqual(result, [
    { metric: { detected_level: 'debug' }, values: [[base - 20, '1']] },
    { metric: { detected_level: 'error', level: 'error' }, values: [[base - 40, '1']] },
    { metric: { detected_level: 'info' }, values: [[base - 20, '1']] },
    { metric: { detected_level: 'info', level: 'info' }, values: [[base - 30, '1']] },
    { metric: { detected_level: 'unknown' }, values: [[base - 30, '2']] },
    { metric: { detected_level: 'warn' }, values: [[base - 20, '1']] }
  ])
})

test('windows overlap where the range is longer than the step', async (t) => {
  const server = await example(t)
  const values = async (query: string): Promise<unknown> =>
    (await data(server, { query, step: '30', start: ns(-60) })).result.map(({ metric, values }) => [metric, values])
  const base = Math.floor(clock / 30_000) * 30
  assert.deepEqual(
    await values('sum(rate({cloud="c1"}[1m]))'), [[{}, [[base - 30, String(1 / 60)], [base, String(7 / 60)], [base + 30, String(6 / 60)]]]]
  )
  assert.deepEqual(await values('sum(count_over_time({cloud="c1"}[1m] offset 30s))'), [[{}, [[base, '1'], [base + 30, '7']]]])
  assert.deepEqual(await values('sum by (source) (bytes_over_time({cloud="c1"}[1m]))'), [
    [{ source: 'nova' }, [[base, '45'], [base + 30, '45']]],
    [{ source: 'sudo' }, [[base - 30, '22'], [base, '48'], [base + 30, '26']]]
  ])
  assert.deepEqual(await values('sum without (detected_level, level, pid, request_id, http_status) (bytes_rate({source="sudo"}[1m])) * 60'), [
    [{ cloud: 'c1', service_name: 'sudo', source: 'sudo' }, [[base - 30, '22'], [base, '48'], [base + 30, '26']]]
  ])
  assert.deepEqual(await values('1 + 1'), [[{}, [[base - 60, '2'], [base - 30, '2'], [base, '2'], [base + 30, '2']]]])
})

test('evaluates at one instant, in the window (t - range, t]', async (t) => {
  const server = await example(t)
  const vector = async (
    query: string, time = ns(0)
  ): Promise<unknown> => (await data(server, { query, time }, 'query')).result.map(({ metric, value }) => [metric, (value as unknown[])[1]])
  assert.deepEqual(await vector('sum by (source) (count_over_time({cloud="c1"}[1h]))'), [
    [{ source: 'nova' }, '3'], [{ source: 'sudo' }, '4']
  ])
  assert.deepEqual(await vector('topk(1, sum by (source) (count_over_time({cloud="c1"}[1h])))'), [[{ source: 'sudo' }, '4']])
  assert.deepEqual(await vector('bottomk(1, sum by (source) (count_over_time({cloud="c1"}[1h])))'), [[{ source: 'nova' }, '3']])
  assert.deepEqual(await vector('count by (cloud) (count_over_time({cloud="c1"}[1h]))'), [[{ cloud: 'c1' }, '7']])
  assert.deepEqual(await vector('max(sum by (source) (count_over_time({cloud="c1"}[1h]))) - min(sum by (source) (count_over_time({cloud="c1"}[1h])))'), [[{}, '1']])
  assert.deepEqual(await vector('avg(sum by (source) (count_over_time({cloud="c1"}[1h])))'), [[{}, '3.5']])
  assert.deepEqual(await vector('vector(1)+vector(1)'), [[{}, '2']])
  assert.deepEqual(await vector('vector(1)/vector(0)'), [[{}, 'NaN']])
  assert.deepEqual(await vector('stddev(sum by (source) (count_over_time({cloud="c1"}[1h]))) + stdvar(sum by (source) (count_over_time({cloud="c1"}[1h])))'), [[{}, '0.75']])
  assert.deepEqual(await vector('sum(count_over_time({source="sudo"}[10s]))', ns(-40)), [[{}, '2']], 'the entry exactly 10 s before is out, those at the instant are in')
  assert.equal((await data(server, { query: '1+1' }, 'query')).resultType, 'scalar')
})

const bySource = 'sum by (source) (count_over_time({cloud="c1"}[1h]))'
const nova = { source: 'nova' }
const sudo = { source: 'sudo' }
for (const [query, expected] of [
  [`${bySource} > 3`, [[sudo, '4']]],
  [`3 < ${bySource}`, [[sudo, '4']]],
  [`${bySource} >= bool 4`, [[nova, '0'], [sudo, '1']]],
  [`${bySource} != ${bySource}`, []],
  [`${bySource} == ${bySource} * 1`, [[nova, '3'], [sudo, '4']]],
  [`${bySource} and sum by (source) (count_over_time({source="sudo"}[1h])) * 7`, [[sudo, '4']]],
  [`${bySource} unless sum by (source) (count_over_time({source="sudo"}[1h]))`, [[nova, '3']]],
  [`sum by (source) (count_over_time({source="sudo"}[1h])) * 7 or ${bySource}`, [[nova, '3'], [sudo, '28']]],
  [`${bySource} > 5 or vector(0)`, [[{}, '0']]]
] as Array<[string, unknown[]]>) {
  test(`compares and joins: ${query}`, async (t) => {
    const { result } = await data(await example(t), { query, time: ns(0) }, 'query')
    assert.deepEqual(result.map(({ metric, value }) => [metric, (value as unknown[])[1]]), expected)
  })
}

test('compares and joins step by step', async (t) => {
  const server = await example(t)
  const values = async (query: string): Promise<unknown> =>
    (await data(server, { query, step: '10', start: ns(-60) })).result.map(({ metric, values }) => [metric, values])
  const base = Math.floor(clock / 10_000) * 10
  // The windows of 10 s that end at base - 40, - 30 and - 20 hold 1, 3 and 3 entries; 1, 2 and 1 of them are of sudo.
  const all = 'sum(count_over_time({cloud="c1"}[10s]))'
  const ofSudo = 'sum(count_over_time({source="sudo"}[10s]))'
  assert.deepEqual(await values(`${all} == ${ofSudo}`), [[{}, [[base - 40, '1']]]])
  assert.deepEqual(await values(`${all} unless ${ofSudo} > 1`), [[{}, [[base - 40, '1'], [base - 20, '3']]]])
  assert.deepEqual(await values(`${ofSudo} > 1 or ${all} * 10`), [[{}, [[base - 40, '10'], [base - 30, '2'], [base - 20, '30']]]])
})

for (const [name, params, message] of [
  ['a log query at an instant', { path: 'query', query: '{cloud="c1"}' }, 'log queries are not supported as an instant query type, please change your query to a range query type'],
  ['a query that does not parse', { query: '{cloud="c1"' }, 'parse error at line 1, col 12: syntax error: unexpected $end, expecting } or ,'],
  ['a limit of 0', { query: '{cloud="c1"}', limit: '0' }, 'limit must be a positive value'],
  ['a limit that is no number', { query: '{cloud="c1"}', limit: 'x' }, 'strconv.Atoi: parsing "x": invalid syntax'],
  ['a limit above the most', { query: '{cloud="c1"}', limit: '6000' }, 'max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)'],
  ['an unknown direction', { query: '{cloud="c1"}', direction: 'up' }, "invalid direction 'up'"],
  ['a start that is no time', { query: '{cloud="c1"}', start: 'x' }, 'could not parse \'start\' parameter: strconv.ParseInt: parsing "x": invalid syntax'],
  [
    'an end before the start', { query: '{cloud="c1"}', start: ns(0), end: ns(-10) },
    'end timestamp must not be before or equal to start time'
  ],
  ['a step of 0', { query: '{cloud="c1"}', step: '0' }, 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
  ['a step that is none', { query: '{cloud="c1"}', step: 'x' }, 'cannot parse "x" to a valid duration'],
  ['too many points', { query: '{cloud="c1"}', step: '0.001' }, 'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter'],
  ['a negative interval', { query: '{cloud="c1"}', interval: '-12' }, 'interval must be >= 0'],
  ['too long a range', { query: '{cloud="c1"}', start: '2020-01-01T00:00:00Z', end: '2026-11-22T17:11:36.185Z' }, 'the query time range exceeds the limit (query length: 60425h11m36.185s, limit: 30d1h)'],
  [
    'more series than allowed', { query: 'count_over_time({cloud="c1"}[1h])', step: '60' },
    'maximum of series (3) reached for a single query'
  ]
] as Array<[string, Record<string, string>, string]>) {
  test(`refuses ${name}`, async (t) => {
    const { path = 'query_range', ...rest } = params
    const answer = await get(await example(t, { limits: { querySeries: 3 } }), `/loki/api/v1/${path}`, { ...range, ...rest })
    assert.deepEqual(answer, { status: 400, type: 'text/plain; charset=utf-8', text: message })
  })
}

for (const [query, version, message] of [
  ['topk(1, sum by (source) (count_over_time({cloud="c1"}[1h])))', '3.4.6', 'maximum of series (1) reached for a single query'],
  ['sum by (source) (count_over_time({cloud="c1"}[1h])) > 100', '3.7.6', 'maximum number of series (1) reached for a single query; consider reducing query cardinality by adding ' +
    'more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()'],
  ['max(topk(1, count_over_time({cloud="c1"}[1h])))', '3.4.6', 'maximum of series (1) reached for a single query']
] as const) {
  test(`a part of a query counts that Loki works out by itself: ${query}`, async (t) => {
    const server = await example(t, { version, limits: { querySeries: 1 } })
    const answer = await get(server, '/loki/api/v1/query', { query, time: ns(0) })
    assert.deepEqual([answer.status, answer.text], [400, message])
  })
}

test('two levels that Loki aggregates at once count as one', async (t) => {
  const server = await example(t, { limits: { querySeries: 1 } })
  for (const operation of ['sum', 'count', 'min', 'max', 'avg']) {
    assert.equal(
      (await data(server, { query: `${operation}(count_over_time({cloud="c1"}[1h]))`, time: ns(0) }, 'query')).result.length, 1, operation
    )
  }
})

test('lists labels, their values and series', async (t) => {
  const server = await example(t)
  const list = async (
    path: string, params: Record<string, string> = {}
  ): Promise<unknown> => JSON.parse((await get(server, `/loki/api/v1/${path}`, params)).text)
  assert.deepEqual(await list('labels'), { status: 'success', data: ['cloud', 'service_name', 'source'] })
  assert.deepEqual(await list('labels', { start: ns(-60), end: ns(0) }), { status: 'success', data: ['cloud', 'service_name', 'source'] })
  assert.deepEqual(await list('labels', { start: ns(-6000), end: ns(-60) }), { status: 'success' })
  assert.deepEqual(await list('label/source/values'), { status: 'success', data: ['nova', 'sudo'] })
  assert.deepEqual(await list('label/source/values', { query: '{service_name="sudo"}' }), { status: 'success', data: ['sudo'] })
  assert.deepEqual(await list('label/level/values'), { status: 'success' })
  assert.deepEqual(await list('series', { 'match[]': '{source=~"s.*"}' }), {
    status: 'success', data: [{ cloud: 'c1', service_name: 'sudo', source: 'sudo' }]
  })
  assert.deepEqual(
    await list('detected_labels', { query: '{cloud="c1"}' }),
    { detectedLabels: [{ label: 'cloud', cardinality: 1 }, { label: 'service_name', cardinality: 2 }, { label: 'source', cardinality: 2 }] }
  )
  assert.equal((await get(server, '/loki/api/v1/label/source/values', { query: '{source' })).status, 400)
})

test('takes parameters in a form, too', async (t) => {
  const server = await example(t)
  const response = await fetch(`${server.url}/loki/api/v1/series`, {
    method: 'POST', body: new URLSearchParams([['match[]', '{source="nova"}'], ['match[]', '{source="sudo"}']])
  })
  assert.equal(((await response.json()) as { data: unknown[] }).data.length, 2)
})

test('measures what is stored', async (t) => {
  const server = await example(t)
  const stats = JSON.parse((await get(server, '/loki/api/v1/index/stats', {
    query: '{source="sudo"}', ...range
  })).text) as Record<string, number>
  assert.deepEqual([stats.streams, stats.entries], [1, 4])
  const volume = await data(server, { query: '{cloud="c1"}', targetLabels: 'source' }, 'index/volume')
  assert.deepEqual(volume.result.map(({ metric, value }) => [metric, Number((value as string[])[1])]), [
    [{ source: 'sudo' }, stats.bytes], [{ source: 'nova' }, server.store.bytes - stats.bytes]
  ])
})

test('tenants are told apart by X-Scope-OrgID where authentication is on', async (t) => {
  const server = await loki(t, { authEnabled: true })
  const entries = [{ ms: clock, line: 'x' }]
  const none = { status: 401, type: 'text/plain; charset=utf-8', text: 'no org id\n' }
  assert.deepEqual(await push(server, [{ labels: '{a="b"}', entries }]), none)
  assert.deepEqual(await get(server, '/loki/api/v1/labels'), none)
  assert.equal((await push(server, [{ labels: '{a="b"}', entries }], { 'x-scope-orgid': 'one' })).status, 204)
  assert.equal((await push(server, [{ labels: '{a="b"}', entries }], { 'x-scope-orgid': 'one|two' })).status, 400)
  const labels = async (tenant: string): Promise<Answer> => await get(server, '/loki/api/v1/labels', {}, { 'x-scope-orgid': tenant })
  assert.match((await labels('one')).text, /"a"/)
  assert.doesNotMatch((await labels('two')).text, /"a"/)
})

test('without authentication the tenant is fake, whatever the header says', async (t) => {
  const server = await loki(t)
  await push(server, [{ labels: '{a="b"}', entries: [{ ms: clock, line: 'x' }] }], { 'x-scope-orgid': 'one' })
  assert.deepEqual(server.store.tenants(), ['fake'])
})

test('is ready, says which Loki it answers as, and knows no other paths', async (t) => {
  const server = await loki(t)
  assert.deepEqual(await get(server, '/ready'), { status: 200, type: 'text/plain; charset=utf-8', text: 'ready\n' })
  assert.equal((JSON.parse((await get(server, '/loki/api/v1/status/buildinfo')).text) as { version: string }).version, '3.4.6')
  const missing = { status: 404, type: 'text/plain; charset=utf-8', text: '404 page not found\n' }
  assert.deepEqual(await get(server, '/loki/api/v1/nosuch'), missing)
  assert.match((await get(server, '/metrics')).text, /^loki_distributor_lines_received_total 0$/m)
  assert.equal((await get(server, '/')).status, 404)
})
