import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropRules, redactRules } from '../../../src/config/filter-rules.ts'

function refused (schema: typeof dropRules | typeof redactRules, text: string): string {
  const result = schema.safeParse(text)
  return result.success ? assert.fail(`accepted: ${text}`) : result.error.issues[0]?.message ?? ''
}

test('rules that drop, each with its conditions', () => {
  assert.deepEqual(dropRules.parse('debug;level=debug, probes ; source=haproxy;host=h-0 ;text=GET /health=1'), [
    { name: 'debug', level: 'debug' }, { name: 'probes', source: 'haproxy', host: 'h-0', text: 'GET /health=1' }
  ])
})

test('rules that drop and are refused, with the reason', () => {
  const cases: Array<[string, RegExp]> = [
    ['debug', /must have conditions behind the name of each rule/], ['d;level=', /must have a level of critical, .*\(""\)/],
    ['d;level=DEBUG', /must have a level/], ['d;file=/x', /must have level=, source=, host=, text= behind each ; \("file=\/x"\)/],
    ['d;level', /must have a level/], ['d;constructor=x', /behind each ;/], ['d;source=', /must have a value behind each =/],
    ['d;text=ab', /3 to 256 bytes behind text=/], [`d;text=${'x'.repeat(257)}`, /has 257/], ['D;level=info', /names of rules/],
    [';level=info', /names of rules/], ['d;level=info;level=debug', /"level" is there twice for "d"/],
    ['d;level=info,d;level=debug', /each name once/], ['d;level=info,', /empty/],
    [Array.from({ length: 17 }, (_, i) => `d${i};level=debug`).join(), /at most 16 rules \(there are 17\)/]
  ]
  for (const [text, reason] of cases) assert.match(refused(dropRules, text), reason, text)
})

test('rules that redact: a pattern may have the separators of the list, and its slashes are quoted', () => {
  assert.deepEqual(redactRules.parse('token;text=X-Auth-Token;pattern=/X-Auth-Token: (\\S{8,})/ , url;text=://;pattern=/:\\/\\/[^\\/@;,]+@/'), [
    { name: 'token', text: 'X-Auth-Token', pattern: 'X-Auth-Token: (\\S{8,})' }, { name: 'url', text: '://', pattern: ':\\/\\/[^\\/@;,]+@' }
  ])
})

test('rules that redact and are refused, with the reason', () => {
  const rule = (pattern: string): string => `t;text=Token;pattern=/${pattern}/`
  const cases: Array<[string, RegExp]> = [
    ['t', /must be rules as token;text=/], ['t;text=Token', /must be rules as/], ['t;text=Token;pattern=x', /must be rules as/],
    ['t;text=Token;pattern=/x/,', /must be rules as/], ['t;text=Token;pattern=/x/i', /must be rules as/], ['t;text=T;pattern=/x/', /3 to 256 bytes/],
    [rule('a('), /must have patterns of RE2: .*missing closing \).* \("t"\)/], [rule('(?=x)'), /of RE2/], [rule('(a)\\1'), /of RE2/],
    [rule(''), /that match no empty text/], [rule('a*'), /that match no empty text/], [rule('x'.repeat(1025)), /of at most 1024 characters/],
    ...[
      '^a', 'a$', '(?m)a$', '\\Aa', 'a\\z', '\\Qa\\E', '[^\\]]$[a]', '[[:^alpha:]]$'
    ].map((pattern): [string, RegExp] => [rule(pattern), /without \^, \$/]),
    ['t;text=Token;pattern=/x/,t;text=Token;pattern=/y/', /each name once/],
    ['token;text=token;pattern=/token\\S*/', /must not match what stands in the place of a match, which is \[redacted:token\]: choose another name/]
  ]
  for (const [text, reason] of cases) assert.match(refused(redactRules, text), reason, text)
  const patterns = ['[$^]x', '\\$x', '\\^x', '[^a]x', '[]$]x', '\\\\Ax', '\\bx']
  for (const pattern of patterns) assert.equal(redactRules.parse(rule(pattern)).length, 1, pattern)
})
