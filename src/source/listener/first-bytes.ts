/** What a connection may begin with. A listener takes one kind, and tells the others by their names. */
const KINDS: ReadonlyArray<readonly [kind: string, begins: RegExp]> = [
  ['TLS', /^\u0016\u0003/],
  ['HTTP', /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PRI) /],
  ['a PROXY header', /^(?:PROXY |\r\n\r\n\0\r\nQUIT\n)/],
  ['AMQP', /^AMQP/],
  ['RELP', /^[1-9]\d{0,8} open /],
  ['syslog', /^(?:\d{1,9} )?<\d{1,3}>/]
]

const HINTS: Readonly<Record<string, string>> = {
  TLS: 'the address for TLS begins with relps:// or syslog+tls://',
  'a PROXY header': 'set LOKEAN_LISTEN_PROXY_PROTOCOL=on where a load balancer stands in front'
}

/** Says what the bytes are instead of `wanted`, and what may help. */
export function describeFirstBytes (bytes: Buffer, wanted: string): { came: string, hint: string | undefined } {
  const text = bytes.toString('latin1', 0, 32)
  const kind = KINDS.find(([, begins]) => begins.test(text))?.[0] ?? 'something else'
  return { came: kind, hint: HINTS[kind] ?? (kind === 'something else' ? undefined : `${wanted} is spoken here`) }
}
