import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseLabels } from '../../../../../src/embedded/loki/push/label-parser.ts'
import { labelText, withServiceName } from '../../../../../src/embedded/loki/store/label-set.ts'
import { anyCharacter } from '../../../../helpers/characters.ts'

// What Loki 3.4.6 makes of each text: the labels that it shows, without service_name, or its refusal.
for (const [text, expected] of [
  ['{}', '{}'],
  ['', '{}'],
  ['{a="b",}', '{a="b"}'],
  ['  {  c = "d" , a = "b" } ', '{a="b", c="d"}'],
  ['{a="b"}#c', '{a="b"}'],
  ['foo{a="b"}', '{__name__="foo", a="b"}'],
  ['a:b{c="d"}', '{__name__="a:b", c="d"}'],
  ['sum{a="b"}', '{__name__="sum", a="b"}'],
  ['by', '{__name__="by"}'],
  ["{a='b'}", '{a="b"}'],
  ['{a=`b\\n`}', '{a="b\\\\n"}'],
  ['{a="\\u00e9\\101\\U0001F600"}', '{a="éA😀"}'],
  ['{a="\\xc3\\xa9\\303\\251"}', '{a="éé"}'],
  ['{a="\\"\\n\\t\\\\"}', '{a="\\"\\n\\t\\\\"}'],
  ['{a="\u0000\u0001\u00a0\u200b"}', '{a="\\x00\\x01\\u00a0\\u200b"}'],
  ['{a="" , a="b"}', '{}'],
  ['{a="1",a="2"}', '{a="1", a="2"}'],
  ['{a="b"', "couldn't parse labels: 1:7: parse error: unexpected end of input inside braces"],
  ['{a="b"} x', 'couldn\'t parse labels: 1:9: parse error: unexpected identifier "x"'],
  ['{a}', 'couldn\'t parse labels: 1:3: parse error: unexpected "}" in label set, expected "="'],
  ['{a=}', 'couldn\'t parse labels: 1:4: parse error: unexpected "}" in label set, expected string'],
  ['{a=b}', 'couldn\'t parse labels: 1:4: parse error: unexpected identifier "b" in label set, expected string'],
  ['{,a="b"}', 'couldn\'t parse labels: 1:2: parse error: unexpected "," in label set, expected identifier or "}"'],
  ['{a="b",,c="d"}', 'couldn\'t parse labels: 1:8: parse error: unexpected "," in label set, expected identifier or "}"'],
  ['{a="b" c="d"}', 'couldn\'t parse labels: 1:8: parse error: unexpected identifier "c" in label set, expected "," or "}"'],
  ['{a=~"b"}', 'couldn\'t parse labels: 1:3: parse error: unexpected <op:=~> in label set, expected "="'],
  ['{a!="b"}', 'couldn\'t parse labels: 1:3: parse error: unexpected <op:!=> in label set, expected "="'],
  ['{a="b}', "couldn't parse labels: 1:4: parse error: unterminated quoted string"],
  ['{a="x\ny"}', "couldn't parse labels: 1:4: parse error: unterminated quoted string"],
  ['{a="\\q"}', "couldn't parse labels: 1:4: parse error: unknown escape sequence U+0071 'q'"],
  ['{a="\\\'"}', "couldn't parse labels: 1:4: parse error: unknown escape sequence U+0027 '''"],
  ['{a="\\x4"}', "couldn't parse labels: 1:4: parse error: illegal character U+0022 '\"' in escape sequence"],
  ['{a="\\400"}', "couldn't parse labels: 1:4: parse error: escape sequence is an invalid Unicode code point"],
  ['{a="\\ud800"}', "couldn't parse labels: 1:4: parse error: escape sequence is an invalid Unicode code point"],
  ['{a="\ufffd"}', "couldn't parse labels: 1:4: parse error: invalid UTF-8 rune"],
  ['{a="\\ufffd"}', '1:4: parse error: invalid UTF-8 rune'],
  ['{b="x\\ufffd", a="č\n"}'.replace('\n', '\\n'), '1:14: parse error: invalid UTF-8 rune'],
  ['{a="b"}}', "couldn't parse labels: 1:8: parse error: unexpected character: '}'"],
  ['{{a="b"}', "couldn't parse labels: 1:2: parse error: unexpected left brace '{'"],
  ['{"a"="b"}', 'couldn\'t parse labels: 1:2: parse error: unexpected string "\\"a\\"" in label set, expected identifier or "}"'],
  ['{a:b="c"}', "couldn't parse labels: 1:3: parse error: unexpected character inside braces: ':'"],
  ['{a=1}', "couldn't parse labels: 1:4: parse error: unexpected character inside braces: '1'"],
  ['{\na="b",\n1="c"}', "couldn't parse labels: 3:1: parse error: unexpected character inside braces: '1'"],
  ['{č="a"}', "couldn't parse labels: 1:2: parse error: unexpected character inside braces: 'č'"],
  ['č', "couldn't parse labels: 1:1: parse error: unexpected character: 'č'"],
  ['1', 'couldn\'t parse labels: 1:1: parse error: unexpected number "1"'],
  ['"x"', 'couldn\'t parse labels: 1:1: parse error: unexpected string "\\"x\\""'],
  ['(', 'couldn\'t parse labels: 1:1: parse error: unexpected "("'],
  ['{a="b"} {', 'couldn\'t parse labels: 1:9: parse error: unexpected "{"'],
  ['{a="b"},', 'couldn\'t parse labels: 1:8: parse error: unexpected ","']
] as Array<[string, string]>) {
  test(`labels ${JSON.stringify(text)}`, () => {
    if (expected.startsWith('{')) assert.equal(labelText(parseLabels(text)), expected)
    else assert.throws(() => parseLabels(text), { status: 400, message: expected })
  })
}

test('what labelText writes, parseLabels reads', () => {
  const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,12}$/)
  const value = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\ufffd'))
  fc.assert(fc.property(fc.uniqueArray(fc.record({ name, value }, { noNullPrototype: true }), {
    selector: ({ name }) => name, maxLength: 10
  }), (labels) => {
    const sorted = labels.toSorted((a, b) => a.name < b.name ? -1 : 1)
    assert.deepEqual(parseLabels(labelText(labels)), sorted)
  }))
})

test('service_name comes from the first label known to name a service, else it is unknown_service', () => {
  const named = (text: string): string => labelText(withServiceName(parseLabels(text)))
  assert.equal(named('{job="j", app="a"}'), '{app="a", job="j", service_name="a"}')
  assert.equal(named('{container="c"}'), '{container="c", service_name="c"}')
  assert.equal(named('{cloud="c", host="h"}'), '{cloud="c", host="h", service_name="unknown_service"}')
  assert.equal(named('{service_name="s", app="a"}'), '{app="a", service_name="s"}')
})
