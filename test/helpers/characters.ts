import fc from 'fast-check'

const SURROGATES = { first: 0xd800, count: 0x800 }

/**
 * A unit of `fc.string`: any code point that is no half of a surrogate pair. fast-check's own unit `binary` would build
 * a table of a million characters in every process.
 */
export const anyCharacter = fc.integer({ min: 0, max: 0x10ffff - SURROGATES.count }).map(
  index => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  text => {
    if (typeof text !== 'string' || !/^\P{Cs}$/u.test(text)) throw new Error('not one character')
    const code = text.codePointAt(0) as number
    return code < SURROGATES.first ? code : code - SURROGATES.count
  })
