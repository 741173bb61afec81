export interface LogfmtFields {
  fields: Array<{ key: string, value: string }>
  /** What Loki says of the first part that is no pair, where asked to be strict: nothing counts from there on. */
  fault: string | undefined
}

// To logfmt, what is no more than a blank ends a word.
const gap = /[\0- ]*/y
const word = /[^\0- ="]*/y
const quoted = /"[^"\\]*(?:\\[^][^"\\]*)*"/y
const rest = /[^\0- ]*/y

/** The pairs of a line, as Loki's `| logfmt` reads them. A part that is no pair is passed over, unless `strict`. */
export function logfmtFields (line: string, strict: boolean): LogfmtFields {
  const found: LogfmtFields = { fields: [], fault: undefined }
  let place = 0
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = place
    const text = pattern.exec(line)?.[0] ?? ''
    place += text.length
    return text
  }
  const wrong = (what: string): void => {
    found.fault ??= `logfmt syntax error at pos ${Buffer.byteLength(line.slice(0, place)) + 1} : ${what}`
    skip(rest)
  }
  for (skip(gap); place < line.length; skip(gap)) {
    if (strict && found.fault !== undefined) break
    const key = skip(word)
    if (line[place] === '"' || (key === '' && line[place] === '=')) {
      wrong(`unexpected '${line[place]!}'`)
      continue
    }
    if (line[place] !== '=') {
      found.fields.push({ key, value: '' })
      continue
    }
    place++
    if (line[place] !== '"') {
      const value = skip(word)
      if (line[place] === '=' || line[place] === '"') wrong(`unexpected '${line[place]!}'`)
      else found.fields.push({ key, value })
      continue
    }
    const text = skip(quoted)
    const value = text === '' ? undefined : unquoted(text)
    if (value !== undefined) found.fields.push({ key, value })
    else {
      if (text === '') place = line.length
      wrong(text === '' ? 'unterminated quoted value' : 'invalid quoted value')
    }
  }
  if (!strict) found.fault = undefined
  return found
}

function unquoted (text: string): string | undefined {
  if (!text.includes('\\')) return text.slice(1, -1)
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}
