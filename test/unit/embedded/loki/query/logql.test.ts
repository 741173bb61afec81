import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery, parseSelector } from '../../../../../src/embedded/loki/query/logql.ts'

// Loki 3.4.6's own words.
for (const [query, message] of [
  ['', 'parse error : syntax error: unexpected $end'],
  ['foo', 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER'],
  ['{}', 'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'],
  ['{cloud=~".*"}', 'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'],
  ['{cloud="c1"', 'parse error at line 1, col 12: syntax error: unexpected $end, expecting } or ,'],
  ['{cloud', 'parse error at line 1, col 7: syntax error: unexpected $end, expecting = or =~ or !~ or !='],
  ['{cloud}', 'parse error at line 1, col 7: syntax error: unexpected }, expecting = or =~ or !~ or !='],
  ['{cloud=c1}', 'parse error at line 1, col 8: syntax error: unexpected IDENTIFIER, expecting STRING'],
  ['{cloud="c1",}', 'parse error at line 1, col 13: syntax error: unexpected }, expecting IDENTIFIER'],
  ['{cloud="c1" source="x"}', 'parse error at line 1, col 13: syntax error: unexpected IDENTIFIER, expecting } or ,'],
  ['{"cloud"="c1"}', 'parse error at line 1, col 2: syntax error: unexpected STRING, expecting IDENTIFIER or }'],
  ['{cloud="c1"}}', 'parse error at line 1, col 13: syntax error: unexpected }'],
  ['{cloud="c1"} |= ', 'parse error at line 1, col 17: syntax error: unexpected $end, expecting STRING or ip'],
  ['{cloud="c1"} foo', 'parse error at line 1, col 14: syntax error: unexpected IDENTIFIER'],
  ['{cloud="c1"} | level', 'parse error at line 1, col 21: syntax error: unexpected $end'],
  ['{cloud=~"("}', 'parse error : error parsing regexp: missing closing ): `(`'],
  ['{cloud="c1"} |~ "("', 'parse error : stage \'|~ "("\' : error parsing regexp: missing closing ): `(`'],
  ['rate({cloud="c1"})', 'parse error at line 1, col 18: syntax error: unexpected )'],
  ['rate({cloud="c1"}[5m]', 'parse error at line 1, col 22: syntax error: unexpected $end, expecting )'],
  ['rate({cloud="c1"}[5x])', 'parse error at line 0, col 18: unknown unit "x" in duration "5x"'],
  ['sum(foo)', 'parse error at line 1, col 5: syntax error: unexpected IDENTIFIER'],
  ['topk(count_over_time({a="b"}[1h]))', 'parse error : parameter required for operation topk'],
  ['{a="b"}\n|= x', 'parse error at line 2, col 4: syntax error: unexpected IDENTIFIER, expecting STRING or ip']
] as Array<[string, string]>) {
  test(`refuses as Loki does: ${JSON.stringify(query)}`, () => {
    assert.throws(() => parseQuery(query), { status: 400, message })
  })
}

for (const query of ['{a="b"} | json', '{a="b"} | line_format "x"', 'sum_over_time({a="b"} | unwrap x [5m])', 'stddev(rate({a="b"}[5m]))', '{a="b"} | status > 5', '{a="b"} | status = 5', '{a="b"} |> "<_> x"',
  'rate({a="b"}[5m]) > 2', 'rate({a="b"}[5m]) and rate({a="b"}[5m])']) {
  test(`refuses what it leaves out, and says so or where: ${query}`, () => {
    assert.throws(() => parseQuery(query), { status: 400, message: /^parse error at line 1, col \d+: (.+ is not supported by the embedded Loki|syntax error: unexpected .+)$/ })
  })
}

test('reads matchers, with strings in both quotes', () => {
  const matchers = parseSelector('{a="x\\n\\u00e9", b!=`\\d`, c=~"(?i)v.*", d!~"x|y"}')
  assert.deepEqual(matchers.map(({ name, operator, value }) => [name, operator, value]), [['a', '=', 'x\né'], ['b', '!=', '\\d'], ['c', '=~', '(?i)v.*'], ['d', '!~', 'x|y']])
  const tests = matchers.map(({ test }) => test)
  assert.deepEqual([tests[0]('x\né'), tests[1]('\\d'), tests[1]('5'), tests[2]('VALUE\n2'), tests[2]('xv'), tests[3]('y'), tests[3]('xy')], [true, false, true, true, false, false, true])
})

test('an empty selector takes everything where labels are listed', () => {
  assert.deepEqual(parseSelector(''), [])
  assert.deepEqual(parseSelector('{}'), [])
  assert.throws(() => parseSelector('{a="b"} |= "x"'), { status: 400 })
})

test('reads stages in order', () => {
  const query = parseQuery('({a="b"} |= "x" or `y` !~ "z" | (level="error" or pid="7") and pid!="7", x=~"y" | drop __error__, q="w" | keep level) # why')
  assert.equal(query.kind, 'log')
  assert.deepEqual(query.kind === 'log' && query.stages.map(({ kind }) => kind), ['line', 'line', 'label', 'drop', 'keep'])
  assert.deepEqual(query.kind === 'log' && query.stages[2]?.kind === 'label' && query.stages[2].condition.kind, 'and')
})

test('reads metric queries with grouping on either side, and arithmetic by precedence', () => {
  const before = parseQuery('sum by (level, source) (count_over_time({a="b"} |= "x" [1h30m] offset 5m))')
  const after = parseQuery('sum(count_over_time({a="b"}[1h30m] |= "x" offset 5m)) by (level, source)')
  assert.deepEqual(JSON.stringify(before), JSON.stringify(after))
  assert.ok(before.kind === 'vector' && before.inner.kind === 'range')
  assert.deepEqual([before.grouping, before.inner.range, before.inner.offset], [{ without: false, labels: ['level', 'source'] }, 5400e9, 300e9])
  assert.deepEqual(parseQuery('1 - 2 - 3 * 2 ^ 3 ^ 2'), {
    kind: 'binary',
    operator: '-',
    left: { kind: 'binary', operator: '-', left: { kind: 'number', value: 1 }, right: { kind: 'number', value: 2 } },
    right: {
      kind: 'binary',
      operator: '*',
      left: { kind: 'number', value: 3 },
      right: { kind: 'binary', operator: '^', left: { kind: 'number', value: 2 }, right: { kind: 'binary', operator: '^', left: { kind: 'number', value: 3 }, right: { kind: 'number', value: 2 } } }
    }
  })
})
