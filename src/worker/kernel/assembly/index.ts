/**
 * The loops over bytes, compiled to WebAssembly. They take 16 bytes at a time (SIMD), where JavaScript takes one. The
 * language is AssemblyScript: TypeScript with WebAssembly's types. The caller, ../kernel.ts, says how the memory is
 * laid out.
 *
 * Nothing here allocates. Only setup and the table of streams keep addresses beyond a batch.
 */
export { scan } from './scan'
export { setWindow, takeRecord } from './record'
export { addDropRule, dropRule } from './drop'
export { addRedactLiteral, mayRedactFields, redactRules } from './redact'
export { derive, levelFrom, setWanted } from './derive'
export { isClean } from './front'
export { addAutomaton, addFormat, setPrefix } from './automata'
export { addJsonKey } from './json'
export { recognised, setHandWritten } from './line'
export { nextMessage, settleNotes } from './previous'
export { setHostForm } from './host'
export { cutLine, setUnescape } from './cut-line'
export { unescapeNewlines } from './newlines'
export { streamFlag } from './stream-flag'
export { addKeySlot, addStream, findStream, forgetStreams, setOrigin, setStreams } from './streams'
export { addMetadata, copy, setMaxMetadataValue, takeCuts, useMetadata, writeEntry } from './entry'
export { addKey } from './scan'
export { headed, object, readSyslog, setPeer } from './syslog'
export { arrival, setArrival } from './arrival'
export { addFacility } from './priority'
export { addLevel, addLevelWord } from './levels'
export { fields, nuls, setSlots } from './fields'
export { parse as parseTimestamp, time } from './timestamp'

/** The first address that nothing here uses. */
export function heapStart (): usize {
  return (__heap_base + 15) & ~15
}
