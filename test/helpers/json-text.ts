import fc from 'fast-check'

/** Text of records: JSON in every form, and near misses. */

const hex4 = fc.nat({ max: 0xffff }).chain(code => fc.boolean().map(upper => {
  const text = code.toString(16).padStart(4, '0')
  return `\\u${upper ? text.toUpperCase() : text}`
}))
const escape = fc.oneof(
  fc.constantFrom(
    '\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\u0000', '\\u001b', '\\u00e9', '\\u2028', '\\uFEFF', '\\ud83d\\ude00'
  ),
  fc.constantFrom('\\ud800', '\\uDFFF', '\\udc00\\ud800'),
  hex4
)
const plain = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map(text => text.replace(/["\\\p{Cc}]/gu, ''))
const rare = fc.constantFrom('\u007f', '\u0085', '\u2028', '\ufeff', '\u{1f600}', ' ', '/', '{', '}', ':', ',', '[')
const invalid = fc.constantFrom('\\x', '\\u12', '\\u12g4', '\\', '\\U0041', '\u0000', '\u001f', '\n', '\t', '"')

/** The text between two quotes. With `broken`, it is invalid now and then. */
export function stringContent (broken: boolean): fc.Arbitrary<string> {
  const piece = fc.oneof({
    weight: 12, arbitrary: plain
  }, { weight: 6, arbitrary: escape }, { weight: 3, arbitrary: rare }, ...(broken ? [{ weight: 1, arbitrary: invalid }] : []))
  return fc.array(piece, { maxLength: 6 }).map(pieces => pieces.join(''))
}

export const space = fc.array(fc.constantFrom(' ', '\n', '\r', '\t'), { maxLength: 2 }).map(all => all.join(''))

const otherValue = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '0', '-1.5e3', '12345678901234567890', '[]', '{}', '[1,"a",[null]]', '{"a":{"b":"c"}}', '""'),
  fc.json()
)
const badValue = fc.constantFrom('nul', 'NaN', "'a'", '01', '+1', '[1,]', '{"a"}', '"', 'undefined', '')

/** Text of an object. Its keys are those of `keys` and others, each once, twice or missing, in any order. */
export function objectText (keys: readonly string[], { broken = false, strings = stringContent(broken) } = {}): fc.Arbitrary<string> {
  const key = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...keys) },
    { weight: 2, arbitrary: stringContent(broken) },
    { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', '\\u006dessage', 'messag', 'messages', '') }
  )
  const string = strings.map(text => `"${text}"`)
  const value = fc.oneof({
    weight: 14, arbitrary: string
  }, { weight: 2, arbitrary: otherValue }, ...(broken ? [{ weight: 1, arbitrary: badValue }] : []))
  const colon = broken ? fc.oneof({ weight: 30, arbitrary: fc.constant(':') }, fc.constantFrom('', '=', '::')) : fc.constant(':')
  const comma = broken ? fc.oneof({ weight: 30, arbitrary: fc.constant(',') }, fc.constantFrom('', ';', ',,')) : fc.constant(',')
  const pair = fc.tuple(space, key, space, colon, space, value, space, comma)
    .map(([a, k, b, c, d, v, e, separator]) => [`${a}"${k}"${b}${c}${d}${v}${e}`, separator])
  const body = fc.oneof({
    weight: 1, arbitrary: space
  }, { weight: 19, arbitrary: fc.array(pair, { minLength: 1, maxLength: 12 }).map(pairs => pairs.flat().slice(0, -1).join('')) })
  const edge = (whole: string): fc.Arbitrary<string> => broken
    ? fc.oneof({
      weight: 20, arbitrary: fc.constant(whole)
    }, fc.constantFrom('', whole + whole, ',' + whole, whole + ',', 'x', '\ufeff' + whole, whole + '\0'))
    : fc.constant(whole)
  return fc.tuple(space, edge('{'), body, edge('}'), space).map(parts => parts.join(''))
}
