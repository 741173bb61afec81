import { detectLevel } from './detected-level.ts'
import type { Row } from '../store/entry-table.ts'
import { sortLabels, type Label } from '../store/label-set.ts'
import { readMetadata } from './push-decode.ts'

const plainName = /^(?:[a-zA-Z]|__)[a-zA-Z0-9_]*$/

/**
 * A metadata name as Loki stores it. All characters but letters and digits become `_`, and the name begins with a
 * letter or `__`.
 */
export function normalName (name: string): string {
  if (plainName.test(name)) return name
  const clean = name.replace(/[^\p{L}\p{Nd}]/gu, '_')
  if (/^\p{Nd}/u.test(clean)) return 'key_' + clean
  return clean.startsWith('_') && !clean.startsWith('__') ? 'key' + clean : clean
}

/**
 * A stored entry's structured metadata as Loki shows it: sorted, and with `detected_level`, which it keeps where it was
 * sent (from 3.7.0 on; before, it adds a second). The last of equal names counts.
 */
export function entryMetadata (row: Row, streamLabels: readonly Label[], line: () => string): Label[] {
  const sent = readMetadata(row.buf, row.entryStart, row.entryEnd)
  for (const label of sent) {
    label.name = normalName(label.name)
    if (label.value.includes('\ufffd')) label.value = label.value.replaceAll('\ufffd', ' ')
  }
  const level = sent.some(({ name }) => name === 'detected_level') ? undefined : detectLevel(streamLabels, sent, line)
  if (level !== undefined) sent.push({ name: 'detected_level', value: level })
  sortLabels(sent)
  return sent.filter(({ name }, i) => name !== '' && sent[i + 1]?.name !== name)
}
