export interface Label { name: string, value: string }

const escapes = new Map([
  ['\x07', '\\a'], ['\b', '\\b'], ['\f', '\\f'], ['\n', '\\n'], ['\r', '\\r'], ['\t', '\\t'], ['\v', '\\v'], ['\\', '\\\\'], ['"', '\\"']
])
const needsEscape = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|["\\]/gu

/** A string as Go's `strconv.Quote` writes it. Loki shows label values in this form. */
export function goQuote (text: string): string {
  return '"' + text.replace(needsEscape, (char) => {
    const named = escapes.get(char)
    if (named !== undefined) return named
    const code = char.codePointAt(0)!
    if (code < 0x20 || code === 0x7f) return '\\x' + code.toString(16).padStart(2, '0')
    return code < 0x10000 ? '\\u' + code.toString(16).padStart(4, '0') : '\\U' + code.toString(16).padStart(8, '0')
  }) + '"'
}

/** `{a="b", c="d"}`: the form in which Loki names a stream, and the key that tells streams apart. */
export function labelText (labels: readonly Label[]): string {
  return '{' + labels.map(({ name, value }) => name + '=' + goQuote(value)).join(', ') + '}'
}

export function labelValue (labels: readonly Label[], name: string): string | undefined {
  return labels.find((label) => label.name === name)?.value
}

/** Sorted by name, in byte order. */
export function sortLabels (labels: Label[]): Label[] {
  return labels.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** Loki's `discover_service_name` default: the first of these labels that a stream has names its service. */
export const serviceNameSources: readonly string[] = [
  'service', 'app', 'application', 'app_name', 'name', 'app_kubernetes_io_name', 'container', 'container_name', 'k8s_container_name',
  'component', 'workload', 'job', 'k8s_job_name'
]

/** The labels under which a stream is stored. Loki adds `service_name` where there is none. */
export function withServiceName (labels: readonly Label[]): readonly Label[] {
  if (labels.some(({ name }) => name === 'service_name')) return labels
  const source = serviceNameSources.find((name) => labelValue(labels, name))
  return sortLabels([...labels, { name: 'service_name', value: source === undefined ? 'unknown_service' : labelValue(labels, source)! }])
}
