import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition, MetricQuery } from '../../../../../src/embedded/loki/query/logql-ast.ts'
import { parseQuery, parseSelector } from '../../../../../src/embedded/loki/query/logql.ts'

/** A real one, that asks for no tenant, is asked the same. */
const REAL = (process.env.LOKEAN_TEST_LOKI_URL ?? '').replace(/\/$/, '')

/** Loki's own words: those of 3.4.6, and the parser of 3.7.6 has the same. */
const refused: Array<[query: string, message: string]> = [
  ['', 'parse error : syntax error: unexpected $end'],
  ['{', 'parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }'],
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
  ['{a="b"}\n|= x', 'parse error at line 2, col 4: syntax error: unexpected IDENTIFIER, expecting STRING or ip'],
  ['{by="x"}', 'parse error at line 1, col 2: syntax error: unexpected by, expecting IDENTIFIER or }'],
  ['{json="x"}', 'parse error at line 1, col 2: syntax error: unexpected json, expecting IDENTIFIER or }'],
  ['{a="b", unless="x"}', 'parse error at line 1, col 9: syntax error: unexpected unless, expecting IDENTIFIER'],
  ['{a:b="c"}', 'parse error at line 1, col 3: syntax error: unexpected IDENTIFIER, expecting = or =~ or !~ or !='],
  ["{a='bc'}", 'parse error at line 1, col 4: invalid char literal'],
  ["{a='b'}", 'parse error at line 1, col 4: syntax error: unexpected IDENTIFIER, expecting STRING'],
  ['{a="b}', 'parse error at line 1, col 4: literal not terminated'],
  ['{a=`b}', 'parse error at line 1, col 4: literal not terminated'],
  ['{a="x\ny"}', 'parse error at line 1, col 4: literal not terminated'],
  ['{a="\\q"}', 'parse error at line 1, col 4: invalid char escape'],
  ['{a="\\400"}', 'parse error at line 1, col 4: invalid syntax'],
  ['{a="b"} |= "\\q" | json', 'parse error at line 1, col 12: invalid char escape'],
  ['{a="b"}\u00a0', 'parse error at line 1, col 8: syntax error: unexpected IDENTIFIER'],
  ['{a="b"} | by="x"', 'parse error at line 1, col 11: syntax error: unexpected by'],
  ['{a="b"} | c=="x"', 'parse error at line 1, col 14: syntax error: unexpected STRING'],
  ['{a="b"} | drop', 'parse error at line 1, col 15: syntax error: unexpected $end, expecting IDENTIFIER'],
  ['{a="b"} | c="d" e="f" g', 'parse error at line 1, col 24: syntax error: unexpected $end'],
  ['{a="b"} | (c="d"', 'parse error at line 1, col 17: syntax error: unexpected $end'],
  ['{a="b"} | unwrap x', 'parse error at line 1, col 11: syntax error: unexpected unwrap'],
  ['{a="b"}[5m]', 'parse error at line 0, col 8: syntax error: unexpected RANGE'],
  ['rate({a="b"}[ 5m ])', 'parse error at line 0, col 13: not a valid duration string: " 5m "'],
  ['rate({a="b"}[5])', 'parse error at line 0, col 13: not a valid duration string: "5"'],
  ['rate({a="b"}[1m1h])', 'parse error at line 0, col 13: not a valid duration string: "1m1h"'],
  ['rate({a="b"}[1.5h])', 'parse error at line 0, col 13: unknown unit "." in duration "1.5h"'],
  ['rate({a="b"}[-5m])', 'parse error at line 0, col 13: not a valid duration string: "-5m"'],
  ['rate({a="b"}[])', 'parse error at line 0, col 13: empty duration string'],
  ['rate({a="b"}[5m)', "parse error at line 0, col 13: missing closing ']' in duration"],
  ['rate({a="b"}[5m] |= "x" offset 5m)', 'parse error at line 1, col 25: syntax error: unexpected offset, expecting )'],
  ['rate({a="b"}[5m] offset 5)', 'parse error at line 1, col 25: syntax error: unexpected NUMBER, expecting DURATION'],
  ['rate({a="b"} 5m)', 'parse error at line 0, col 14: syntax error: unexpected DURATION'],
  ['rate', 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER'],
  ['rate(5, {a="b"}[5m])', 'parse error : parameter 5 not supported for operation rate'],
  ['rate({a="b"}[5m]) by (c)', 'parse error : grouping not allowed for rate aggregation'],
  ['sum by (by) (vector(1))', 'parse error at line 1, col 9: syntax error: unexpected by, expecting IDENTIFIER or )'],
  ['sum by (a,) (vector(1))', 'parse error at line 1, col 11: syntax error: unexpected ), expecting IDENTIFIER'],
  ['sum(5, vector(1))', 'parse error : unsupported parameter for operation sum(5,'],
  ['sum({a="b"}', 'parse error at line 1, col 12: syntax error: unexpected $end'],
  ['sum({a="b"})', 'parse error at line 1, col 12: syntax error: unexpected )'],
  ['topk(0, vector(1))', 'parse error : invalid parameter (must be greater than 0) topk(0'],
  ['topk(1.5, vector(1))', 'parse error : invalid parameter topk(1.5,'],
  ['topk(-1, vector(1))', 'parse error at line 1, col 8: syntax error: unexpected ,'],
  ['vector(-1)', 'parse error at line 1, col 8: syntax error: unexpected -, expecting NUMBER'],
  ['vector(x)', 'parse error at line 1, col 8: syntax error: unexpected IDENTIFIER, expecting NUMBER'],
  ['{a="b"} + vector(1)', 'parse error : unexpected type for left leg of binary operation (+): *syntax.MatchersExpr'],
  ['vector(1) > {a="b"} |= "c"', 'parse error : unexpected type for right leg of binary operation (>): *syntax.PipelineExpr'],
  ['1 and vector(1)', 'parse error : unexpected literal for left leg of logical/set binary operation (and): 1.000000'],
  [`{a="${'x'.repeat(131_072)}"}`, 'parse error : input size too long (131078 > 131072)']
]

for (const [query, message] of refused) {
  test(`refuses as Loki does: ${JSON.stringify(query.slice(0, 100))}`, () => {
    assert.throws(() => parseQuery(query), { status: 400, message })
  })
}

test('a real Loki refuses each in the same words', { skip: REAL === '' && 'LOKEAN_TEST_LOKI_URL names no Loki' }, async () => {
  for (const [query, message] of refused) {
    const response = await fetch(`${REAL}/loki/api/v1/query_range`, { method: 'POST', body: new URLSearchParams({ query }) })
    assert.deepEqual([response.status, (await response.text()).trimEnd()], [400, message], query)
  }
})

for (const [query, what] of [
  ['{a="b"} | unpack', 'unpack'],
  ['{a="b"} | pattern "<_> x"', 'pattern'],
  ['{a="b"} | line_format "x"', 'line_format'],
  ['{a="b"} | addr = ip("10.0.0.0/8")', 'ip'],
  ['{a="b"} |= ip("10.0.0.0/8")', 'ip'],
  ['{a="b"} |> "<_> x"', '|>'],
  ['{vector="b"}', 'a label named vector'],
  ['{č="b"}', 'a label named č'],
  ['sum_over_time({a="b"} | unwrap x [5m])', 'sum_over_time'],
  ['rate({a="b"} | unwrap x [5m] offset 1m)', 'unwrap'],
  ['rate({a="b"} | json | unwrap x [5m] offset 1m)', 'unwrap'],
  ['sort(rate({a="b"}[5m]))', 'sort'],
  ['approx_topk(5, rate({a="b"}[5m]))', 'approx_topk'],
  ['label_replace(rate({a="b"}[5m]), "a", "b", "c", "d")', 'label_replace'],
  ['rate({a="b"}[5m]) / on (c) rate({a="b"}[5m])', 'on'],
  ['{a="b"}' + ' |= "x"'.repeat(5000), 'a query of so many parts'],
  ['('.repeat(50_000), 'a query of so many parts']
] as Array<[string, string]>) {
  test(`refuses what it leaves out, and says so: ${query.slice(0, 100)}`, () => {
    assert.throws(() => parseQuery(query), ({ status, message }: { status: number, message: string }) =>
      status === 400 && message.replace(/^parse error at line 1, col \d+: /, '') === `${what} is not supported by the embedded Loki`)
  })
}

test('reads matchers, with strings in both quotes', () => {
  const matchers = parseSelector('{a="x\\n\\u00e9", b!=`\\d`, c=~"(?i)v.*", d!~"x|y"}')
  assert.deepEqual(matchers.map(({ name, operator, value }) => [name, operator, value]), [
    ['a', '=', 'x\né'], ['b', '!=', '\\d'], ['c', '=~', '(?i)v.*'], ['d', '!~', 'x|y']
  ])
  const tests = matchers.map(({ test }) => test)
  assert.deepEqual([
    tests[0]('x\né'), tests[1]('\\d'), tests[1]('5'), tests[2]('VALUE\n2'), tests[2]('xv'), tests[3]('y'), tests[3]('xy')
  ], [true, false, true, true, false, false, true])
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

/** Returns a query's conditions or operations with all implied parentheses. */
function joined (query: string): string {
  const text = (part: Condition | MetricQuery): string => {
    if (part.kind === 'match') return part.matcher.name
    if (part.kind === 'constant') return String(part.value)
    if ('left' in part) return `(${text(part.left)} ${'operator' in part ? part.operator : part.kind} ${text(part.right)})`
    return part.kind
  }
  const parsed = parseQuery(query)
  return parsed.kind !== 'log'
    ? text(parsed)
    : parsed.stages.map((stage) => stage.kind === 'label' ? text(stage.condition) : stage.kind).join(' ')
}

for (const [filters, expected] of [
  ['a="1" or b="2" and c="3"', '(a or (b and c))'],
  ['a="1" and b="2" and c="3" or d="4" or e="5"', '((((a and b) and c) or d) or e)'],
  ['a="1", b="2" or c="3"', '(a and (b or c))'],
  ['a="1" b="2" or c="3"', '(a and (b or c))'],
  ['a="1" or b="2" c="3" or d="4"', '(a or (b and (c or d)))'],
  ['(a="1" or b="2") (c="3" or d="4") e="5"', '((a or b) and ((c or d) and e))'],
  ['(a="1"b="2")AND c!="3"', '((a and b) and c)']
] as Array<[string, string]>) {
  test(`joins label filters as Loki does: ${filters}`, () => {
    assert.equal(joined(`{x="y"} | ${filters}`), expected)
  })
}

for (const [operations, expected] of [
  ['1 - 2 - 3 * 4 ^ 5 ^ 6', '((1 - 2) - (3 * (4 ^ (5 ^ 6))))'],
  ['1 * 2 + 3 / 4 % 5', '((1 * 2) + ((3 / 4) % 5))'],
  ['1 or 2 and 3 > 4 + 5 unless 6', '(1 or ((2 and (3 > (4 + 5))) unless 6))'],
  ['(1 - (2 - 3)) * 4', '((1 - (2 - 3)) * 4)']
] as Array<[string, string]>) {
  test(`joins operations as Loki does: ${operations}`, () => {
    assert.equal(joined(operations.replace(/\d/g, 'vector($&)')), expected)
  })
}

test('works out numbers that stand alone', () => {
  assert.deepEqual(parseQuery('1 - 2 - 3 * 2 ^ 3 ^ 2'), { kind: 'number', value: -1537 })
  assert.deepEqual(parseQuery('-0x1F + .5 + 1e3 - -1'), { kind: 'number', value: 970.5 })
  assert.deepEqual(parseQuery('(2 > 1) + (1 >= 2)'), { kind: 'number', value: 1 })
  assert.deepEqual(parseQuery('1 / 0'), { kind: 'number', value: NaN })
})

test('reads metric queries with grouping on either side, and the range before or behind the stages', () => {
  const before = parseQuery('sum by (level, source) (count_over_time({a="b"} |= "x" [1h30m] offset 5m))')
  const after = parseQuery('SUM((count_over_time((({a="b"}[1h30m] offset 5m |= "x"))))) BY (level, source) # why')
  assert.deepEqual(JSON.stringify(before), JSON.stringify(after))
  assert.ok(before.kind === 'vector' && before.inner.kind === 'range')
  assert.deepEqual([
    before.grouping, before.inner.range, before.inner.offset
  ], [{ without: false, labels: ['level', 'source'] }, 5400e9, 300e9])
  const ahead = parseQuery('rate({a="b"}[1w2d] offset -1.5h)')
  assert.deepEqual(ahead.kind === 'range' && [ahead.range, ahead.offset], [9 * 86_400e9, -5400e9])
})
