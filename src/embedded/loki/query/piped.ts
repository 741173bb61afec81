import { labelValue, sortLabels, type Label } from '../store/label-set.ts'

/** The labels of an entry behind the stages of a query: of its stream, of its structured metadata, and of its line. */
export interface Piped {
  stream: readonly Label[]
  metadata: readonly Label[]
  parsed: Label[]
}

export function mergedLabels ({ stream, metadata, parsed }: Piped): Label[] {
  return sortLabels([...stream, ...metadata, ...parsed])
}

export function valueOf ({ stream, metadata, parsed }: Piped, name: string): string | undefined {
  return labelValue(stream, name) ?? labelValue(metadata, name) ?? labelValue(parsed, name)
}

/** Whether the stream or the metadata have the name, so that the line cannot. */
export function hasLabel ({ stream, metadata }: Piped, name: string): boolean {
  return labelValue(stream, name) !== undefined || labelValue(metadata, name) !== undefined
}

export function setParsed (piped: Piped, name: string, value: string): void {
  const known = piped.parsed.find((label) => label.name === name)
  if (known === undefined) piped.parsed.push({ name, value })
  else known.value = value
}
