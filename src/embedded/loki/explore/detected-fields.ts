import { jsonFields } from '../query/json-fields.ts'
import type { LogStream } from '../query/log-query.ts'
import { logfmtFields } from '../query/logfmt-fields.ts'
import { labelNameOf } from '../query/parser-stage.ts'
import { labelText, labelValue, type Label } from '../store/label-set.ts'
import { asQueried, fieldType, type FieldType } from './field-type.ts'

export interface DetectedField {
  label: string
  /** That of the last value. */
  type: FieldType
  /** How many different values it has. */
  cardinality: number
  /** By which parsers its lines are read; null where it is metadata alone. */
  parsers: string[] | null
  jsonPath?: readonly string[]
}

interface Found { type: FieldType, values: Set<string>, parsers: string[], jsonPath?: readonly string[] }

interface ReadLine { parser: string, fields: Array<{ name: string, value: string, path?: readonly string[] }> }

/** The fields of the metadata and the lines of a query's answer, at most so many. */
export function detectedFields (streams: readonly LogStream[], limit: number): DetectedField[] {
  const all = new Map<string, Found>()
  const add = (name: string, value: string): Found | undefined => {
    let field = all.get(name)
    if (field === undefined) {
      if (all.size >= limit) return undefined
      all.set(name, field = { type: 'string', values: new Set(), parsers: [] })
    }
    field.type = fieldType(value)
    field.values.add(value)
    return field
  }
  for (const { labels, lines } of inOrder(streams)) {
    for (const { line, metadata, parsed } of lines) {
      for (const { name, value } of metadata) add(name, value)
      const { parser, fields } = readLine(line, labels)
      for (const { name, value, path } of [...withoutError(parsed), ...fields]) {
        const field = add(name, value)
        if (field !== undefined && !field.parsers.includes(parser)) field.parsers.push(parser)
        if (field !== undefined && path !== undefined) field.jsonPath = path
      }
    }
  }
  return [...all].map(([label, { type, values, parsers, jsonPath }]) => ({
    label,
    type,
    cardinality: values.size,
    parsers: parsers.length === 0 ? null : parsers,
    ...(jsonPath === undefined ? {} : { jsonPath })
  }))
}

/** At most so many values of one field. */
export function detectedValues (streams: readonly LogStream[], field: string, limit: number): string[] {
  const values = new Set<string>()
  for (const { labels, lines } of inOrder(streams)) {
    for (const { line, metadata, parsed } of lines) {
      if (values.size >= limit) return [...values]
      const given = labelValue(metadata, field)
      if (given !== undefined) values.add(given)
      for (const { name, value } of [...withoutError(parsed), ...readLine(line, labels).fields]) {
        if (name === field) values.add(asQueried(value))
      }
    }
  }
  return [...values]
}

function inOrder (streams: readonly LogStream[]): LogStream[] {
  return streams.toSorted((a, b) => labelText(a.labels) < labelText(b.labels) ? -1 : 1)
}

const withoutError = (parsed: readonly Label[]): Array<Label & { path?: undefined }> =>
  parsed.filter(({ name }) => name !== '__error__' && name !== '__error_details__')

/** What is no JSON object is read as logfmt, which finds something in any text. */
function readLine (line: string, labels: readonly Label[]): ReadLine {
  const name = (path: readonly string[]): string => {
    const made = labelNameOf(path)
    return labelValue(labels, made) === undefined ? made : `${made}_extracted`
  }
  const json = jsonFields(line)
  if (json.fault === undefined) {
    const fields = json.fields.map(({ path, value }) => ({ name: name(path), value, path }))
    return { parser: 'json', fields: fields.filter(({ name }) => name !== '') }
  }
  const pairs = logfmtFields(line, false).fields.filter(({ key, value }) => value !== '' && key.trim() !== '')
  return { parser: 'logfmt', fields: pairs.map(({ key, value }) => ({ name: name([key]), value })) }
}
