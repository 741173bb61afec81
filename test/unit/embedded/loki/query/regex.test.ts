import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anchored, compileRegex } from '../../../../../src/embedded/loki/query/regex.ts'
import { Refusal } from '../../../../../src/embedded/loki/push/refusal.ts'

// Each pattern with texts that it matches somewhere, and texts that it does not match, as in Go's regexp.
for (const [pattern, matching, other] of [
  ['a.c', ['abc', 'a\rc', 'xa\u2028c'], ['a\nc', 'ac']],
  ['(?s)a.c', ['a\nc'], ['ac']],
  ['(?i)ÉTÉ', ['été'], ['ete']],
  ['(?im)^b$', ['a\nB\nc'], ['ab']],
  ['^b$', ['b'], ['a\nb', 'b\n']],
  ['(?U)a+?', ['a'], ['b']],
  ['\\Aa\\z', ['a'], ['a\n', 'ba']],
  ['\\d\\s\\w', ['1 a', '1\tb'], ['1\u00a0a', '1\va']],
  ['[\\s,]+x', [' ,x'], ['\u00a0x']],
  ['\\S', ['\u00a0'], [' \t']],
  ['\\Qa.b[\\E+', ['a.b[['], ['axb[']],
  ['\\Qa.b', ['a.b'], ['axb']],
  ['[[:alpha:]_]\\x41\\x{1F600}\\101', ['zA😀A'], ['1A😀A']],
  ['\\p{Greek}\\PL\\pN', ['Σ-1'], ['s-1', 'Σa1']],
  ['[]a]', [']', 'a'], ['b']],
  ['[^]a]', ['b'], [']a']],
  ['[a\\-z]', ['-'], ['b']],
  ['a{,2}', ['a{,2}'], ['aa']],
  ['\\.\\-\\/\\_\\"', ['.-/_"'], ['x-/_"']],
  ['(?P<year>\\d{4})-(?<month>\\d\\d)', ['2026-11'], ['26-11']],
  ['(?P<a>x)(?P<a>y)', ['xy'], ['x']]
] as Array<[string, string[], string[]]>) {
  test(`a regular expression of RE2: ${pattern}`, () => {
    const regex = compileRegex(pattern)
    assert.ok(regex instanceof RegExp, String(regex))
    assert.deepEqual([matching.filter((text) => !regex.test(text)), other.filter((text) => regex.test(text))], [[], []])
  })
}

for (const [pattern, reason] of [
  ['(', 'missing closing ): `(`'],
  ['a)b', 'unexpected ): `a)b`'],
  ['[a', 'missing closing ]: `[a`'],
  ['*a', 'missing argument to repetition operator: `*`'],
  ['a|+', 'missing argument to repetition operator: `+`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
  ['x{1001}', 'invalid repeat count: `{1001}`'],
  ['x{2,1}', 'invalid repeat count: `{2,1}`'],
  ['(?=x)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['a(?!x)', 'invalid or unsupported Perl syntax: `(?!`'],
  ['(?P<a-b>x)', 'invalid named capture: `(?P<a-b>`'],
  ['(a)\\1', 'invalid escape sequence: `\\1`'],
  ['\\q', 'invalid escape sequence: `\\q`'],
  ['\\u0041', 'invalid escape sequence: `\\u`'],
  ['\\', 'trailing backslash at end of expression: ``'],
  ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
  ['\\p{Foo}', 'invalid character class range: `\\p{Foo}`'],
  ['[z-a]', 'invalid character class range: `[z-a]`']
] as Array<[string, string]>) {
  test(`a regular expression that RE2 refuses: ${pattern}`, () => {
    const refusal = compileRegex(pattern)
    assert.ok(refusal instanceof Refusal)
    assert.equal(refusal.message, `error parsing regexp: ${reason}`)
  })
}

for (const pattern of ['a(?i)b', '(?i:a)b', '^*', '[[:^digit:]]']) {
  test(`a regular expression of RE2 that JavaScript has no word for: ${pattern}`, () => {
    const refusal = compileRegex(pattern)
    assert.ok(refusal instanceof Refusal)
    assert.equal(refusal.message, `the regular expression \`${pattern}\` is not supported by the embedded Loki`)
  })
}

test('an anchored expression matches all of a text, newlines included', () => {
  const regex = compileRegex('a.*|b', anchored)
  assert.ok(regex instanceof RegExp)
  assert.deepEqual(['a', 'a\nx', 'b', 'xa', 'bx'].map((text) => regex.test(text)), [true, true, true, false, false])
})
