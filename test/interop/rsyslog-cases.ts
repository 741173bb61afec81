/**
 * Messages as machines send them to rsyslog, and what Loki must hold of each. Each comes from its own machine, whose
 * name finds it.
 */
export interface Case {
  host: string
  via: 'datagram' | 'stream'
  bytes: Buffer
  /** Nanoseconds since the epoch. */
  time: bigint
  line: string
  /** The labels and metadata that depend on the form of the message. */
  known: Record<string, string>
}

interface Form { head: (host: string) => string, time: bigint, known: Record<string, string> }

const second = Math.floor(Date.now() / 1000)
const [stamp] = new Date(second * 1000).toISOString().split('.')
const [, day, month, , clock] = new Date(second * 1000).toUTCString().split(' ')
const nanoseconds = BigInt(second) * 1_000_000_000n

/** RFC 3164: whole seconds, without year or zone. */
const BSD: Form = {
  head: host => `<38>${month} ${day.replace(/^0/, ' ')} ${clock} ${host} sshd[4711]:`,
  time: nanoseconds,
  known: { source: 'sshd', detected_level: 'info', pid: '4711' }
}
/** RFC 5424, from a machine two hours east. */
const IETF: Form = {
  head: host => `<131>1 ${stamp}.123456+02:00 ${host} nova-api 77 ID1 [a@1 b="c"] `,
  time: nanoseconds + 123_456_000n - 7200n * 1_000_000_000n,
  known: { source: 'nova-api', detected_level: 'error', pid: '77' }
}

/** The recommended `maxMessageSize`, less the head of a message. */
export const LONGEST = 64 * 1024

/** `escaped` is rsyslog's default: control characters become octal codes. */
export function cases (escaped: boolean): Case[] {
  const control = (octal: string, plain: string): string => escaped ? `#${octal}` : plain
  const rows: Array<[host: string, Case['via'], Form, text: string | Buffer, line: string]> = [
    ['plain', 'datagram', BSD, ' Accepted publickey', 'Accepted publickey'],
    ['no-space', 'datagram', BSD, 'Accepted', 'Accepted'],
    ['two-spaces', 'datagram', BSD, '  Accepted ', ' Accepted '],
    ['empty', 'datagram', IETF, '', ''],
    ['quotes', 'datagram', BSD, ' a "b" \\n \\\\ \\u0041 /var/log/x \\', 'a "b" \\n \\\\ \\u0041 /var/log/x \\'],
    ['json', 'stream', IETF, '{"@timestamp":"1970-01-01T00:00:00Z","host":"other","message":"\\"}"}', '{"@timestamp":"1970-01-01T00:00:00Z","host":"other","message":"\\"}"}'],
    ['utf-8', 'datagram', IETF, 'é 雲 \u{1f600} e\u0301', 'é 雲 \u{1f600} e\u0301'],
    ['bom', 'datagram', IETF, '\ufeffé', '\ufeffé'],
    ['latin-1', 'datagram', BSD, Buffer.from(' caf\xe9 \xff\xfe', 'latin1'), 'caf\ufffd \ufffd\ufffd'],
    ['cut-utf-8', 'stream', IETF, Buffer.from('e99bb2e99b', 'hex'), '雲\ufffd'],
    ['surrogate', 'datagram', IETF, Buffer.from('61eda08062', 'hex'), 'a\ufffd\ufffd\ufffdb'],
    ['controls', 'datagram', IETF, 'tab\there \u001b[1mbold\u001b[0m \u007f', `tab${control('011', '\t')}here ${control('033', '\u001b')}[1mbold${control('033', '\u001b')}[0m \u007f`],
    ['nul', 'stream', IETF, 'a\0b', 'a#000b'], // always so from the network
    ['newline-last', 'datagram', BSD, ' a line\n', 'a line'],
    ['lines', 'stream', BSD, ' one\n  two\r\nthree', `one${control('012', '\n')}  two${control('015', '\r')}${control('012', '\n')}three`],
    ['nine-kilobytes', 'datagram', BSD, ` ${'x'.repeat(9_000)}`, 'x'.repeat(9_000)],
    ['sixty-kilobytes', 'stream', IETF, '雲/"'.repeat(12_000), '雲/"'.repeat(12_000)]
  ]
  return rows.map(([host, via, { head, time, known }, text, line]) =>
    ({ host, via, line, time, known, bytes: Buffer.concat([Buffer.from(head(host)), Buffer.from(text as string)]) }))
}

/**
 * A line too long for rsyslog. It becomes two messages; the second has no head, and the cut lies within a character.
 */
export function tooLong (): { bytes: Buffer, host: string, line: string } {
  const host = 'too-long'
  const head = IETF.head(host)
  const text = 'é'.repeat(LONGEST / 2)
  const room = LONGEST - Buffer.byteLength(head)
  const odd = room % 2 === 0 ? 'x' : ''
  return { host, bytes: Buffer.from(head + odd + text), line: `${odd}${'é'.repeat(Math.floor((room - odd.length) / 2))}\ufffd` }
}

export const REQUEST = 'req-11111111-2222-4333-8444-555555555555'
export const INSTANCE = '6a3c2f9e-0000-4000-8000-000000000001'

/** Lines of oslo.log in a container's log, which names no level itself. The last one continues the one before. */
export const OSLO: Array<{ line: string, known: Record<string, string> }> = [
  {
    line: `2026-11-22 08:00:01.234 7 ERROR nova.compute.manager [${REQUEST} admin demo - default default] [instance: ${INSTANCE}] No valid host: "x" in /var/lib/nova`,
    known: { detected_level: 'error', pid: '7', request_id: REQUEST, instance_id: INSTANCE }
  },
  { line: '2026-11-22 08:00:01.235 8 WARNING oslo.messaging._drivers.impl_rabbit [-] Unexpected error: é', known: { detected_level: 'warning', pid: '8' } },
  { line: '2026-11-22 08:00:01.236 8 ERROR nova Traceback (most recent call last):', known: { detected_level: 'error', pid: '8' } },
  { line: 'a line that oslo.log did not write, with \0, \u001b and \t as they are', known: { detected_level: 'error' } }
]
