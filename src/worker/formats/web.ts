import { type Format, pattern } from './format.ts'
import { levels } from './levels.ts'

/** Where servers write the status of a request, its first digit is the level. */
const STATUS = String.raw`(?:(?<error>5)|(?<warning>4)|(?<info>[1-3]))\d\d`
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`
const ASCTIME = String.raw`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4}`
const HTTPD = levels('emerg alert crit error warn notice info debug trace1=debug trace2=debug trace3=debug trace4=debug trace5=debug trace6=debug trace7=debug trace8=debug')
const PROCESS = String.raw`(?:\[pid (?<pid>\d+)(?::tid \d+)?\] )?(?:\[(?:remote|client) [^\]]*\] )?`
/** The text begins, and not with one of these brackets. */
const TEXT = String.raw`(?:(?<inner>)(?:[^[]|$)|\[[^prc])`
/**
 * Who sent a request, in front of all else: addresses or a full name. Most lines of other programs begin with
 * another word, and so are not searched any further.
 */
const CLIENT = String.raw`(?:[\w-]*(?:[.:,]+[\w%-]+)+|-|localhost)`
const A = '6f1c1c1e-0000-4000-8000-000000000001'

export const WEB: readonly Format[] = [
  {
    name: 'httpd, mod_wsgi\'s own messages',
    begins: 'line',
    pattern: pattern`\[${ASCTIME}\] \[wsgi:(?<error>error)\] ${PROCESS}mod_wsgi \(`,
    samples: [{ line: '[Fri Jan 02 03:04:05.678901 2026] [wsgi:error] [pid 12:tid 34] mod_wsgi (pid=12): Target WSGI script cannot be loaded', read: { level: 'error', pid: '12' } }]
  },
  {
    name: 'httpd, what a WSGI program writes to stderr',
    begins: 'line',
    wraps: true,
    pattern: pattern`\[${ASCTIME}\] \[wsgi:error\] ${PROCESS}${TEXT}`,
    samples: [
      { line: `[Fri Jan 02 03:04:05.678901 2026] [wsgi:error] [pid 12:tid 34] [remote 192.0.2.1:5000] 2026-01-02 03:04:05.678 21 INFO keystone.common [None req-${A} u p] x`, read: { level: 'info', pid: '21', request_id: `req-${A}` } },
      { line: '[Fri Jan 02 03:04:05.678901 2026] [wsgi:error] [pid 12:tid 34] a line', read: { pid: '12' } },
      { line: '[Fri Jan 02 03:04:05.678901 2026] [wsgi:error] [pid 12] [client 192.0.2.1:5000] Traceback (most recent call last):', read: { level: 'error', pid: '12' } }
    ]
  },
  {
    name: 'httpd',
    begins: 'line',
    pattern: pattern`\[${ASCTIME}\] \[(?:[\w-]*:)?${HTTPD}\] ${PROCESS}${TEXT}`,
    samples: [
      { line: '[Fri Jan 02 03:04:05.678901 2026] [core:crit] [pid 12:tid 34] x', read: { level: 'critical', pid: '12' } },
      { line: '[Fri Jan 02 03:04:05 2026] [error] [client 192.0.2.1] File does not exist: /x', read: { level: 'error' } },
      { line: '[Fri Jan 02 03:04:05.678901 2026] [:notice] [pid 12] AH00489: configured', read: { level: 'info', pid: '12' } }
    ]
  },
  {
    name: 'nginx',
    begins: 'time',
    pattern: pattern` \[${levels('emerg alert crit error warn notice info debug')}\] (?<pid>\d+)#\d+: `,
    samples: [{ line: '2026/01/02 03:04:05 [error] 7#7: *1 connect() failed', read: { level: 'error', pid: '7' } }]
  },
  {
    name: 'access line (httpd, nginx, eventlet, Swift, InfluxDB)',
    begins: 'line',
    pattern: pattern`(?:\[httpd\] )?${CLIENT},? (?:[^ "[\]]+ ){0,7}\[\d\d\/[A-Z][a-z]{2}\/\d{4}[: ]\d\d:\d\d:\d\d[^\]]*\] ${QUOTED} ${STATUS}(?: |$)`,
    samples: [
      { line: '192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] "GET / HTTP/1.1" 503 12', read: { level: 'error' } },
      { line: '192.0.2.1 - nova [02/Jan/2026:03:04:05 +0000] "GET /a\\"b HTTP/1.1" 404 12 "-" "curl/7"', read: { level: 'warning' } },
      { line: '192.0.2.1,127.0.0.1 - - [02/Jan/2026 03:04:05] "POST /v2/images HTTP/1.1" 201 12 0.123', read: { level: 'info' } },
      { line: '[httpd] 127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] "POST /write?db=x HTTP/1.1" 204 0 "-" "telegraf" 5f', read: { level: 'info' } },
      { line: '192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] "PUT /d1/12/AUTH_a/b/c" 507 - "PUT http://s/v1/AUTH_a/b/c" "tx0" "proxy-server 12" 0.1 "-" 12 0', read: { level: 'error' } }
    ]
  },
  {
    name: 'access line of eventlet',
    begins: 'line',
    pattern: pattern`[\w.,:<>-]+ ${QUOTED} status: ${STATUS} `,
    samples: [{ line: '192.0.2.1,127.0.0.1 "GET /v2.0/ports HTTP/1.1" status: 500  len: 12 time: 0.1', read: { level: 'error' } }]
  },
  {
    name: 'eventlet\'s own messages',
    begins: 'line',
    untimed: true,
    pattern: pattern`\((?<pid>\d+)\) (?:accepted|wsgi) `,
    samples: [{ line: '(12) wsgi starting up on http://0.0.0.0:8774', read: { pid: '12' } }]
  },
  {
    name: 'uWSGI',
    begins: 'line',
    pattern: pattern`\[pid: (?<pid>\d+)\|app: [^|]*\|req: [^\]]*\] [^ ]* \([^)]*\) \{[^}]*\} \[[^\]]*\] [^ ]+ [^ ]* => generated \d+ bytes in \d+ \w+ (?:via [^ ]+ )?\(HTTP\/[\d.]+ ${STATUS}\)`,
    samples: [{ line: '[pid: 3|app: 0|req: 1/2] 192.0.2.1 () {44 vars in 500 bytes} [Fri Jan  2 03:04:05 2026] GET /v3 => generated 12 bytes in 5 msecs (HTTP/1.1 500) 3 headers in 100 bytes (1 switches on core 0)', read: { level: 'error', pid: '3' } }]
  },
  {
    name: 'HAProxy',
    begins: 'line',
    pattern: pattern`[\da-fA-F.:\[\]-]+:\d+ \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:.]+\] [^ ]+ [^ ]+ (?:-?\d+\/){4}\+?-?\d+ ${STATUS} `,
    samples: [
      { line: '192.0.2.1:5000 [02/Jan/2026:03:04:05.678] keystone keystone/<NOSRV> 0/-1/-1/-1/0 503 212 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"', read: { level: 'error' } },
      { line: '192.0.2.1:5000 [02/Jan/2026:03:04:05.678] nova~ nova/a 0/0/1/2/3 200 12 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"', read: { level: 'info' } }
    ]
  },
  {
    name: 'HAProxy, three times',
    begins: 'line',
    pattern: pattern`[\da-fA-F.:\[\]-]+:\d+ \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:.]+\] [^ ]+ [^ ]+ (?:-?\d+\/){2}\+?-?\d+ ${STATUS}(?: \d|$)`,
    samples: [{ line: '192.0.2.1:5000 [02/Jan/2026:03:04:05.678] keystone keystone/<NOSRV> 0/-1/-1 503 212 - - SC-- 1/1/0/0/0 0/0', read: { level: 'error' } }]
  },
  {
    name: 'Swift\'s proxy',
    begins: 'line',
    pattern: pattern`${CLIENT} ${CLIENT} \d\d\/[A-Z][a-z]{2}\/\d{4}\/\d\d\/\d\d\/\d\d [A-Z]+ [^ ]+ HTTP\/[\d.]+ ${STATUS} `,
    samples: [{ line: '192.0.2.1 192.0.2.2 02/Jan/2026/03/04/05 GET /v1/AUTH_a HTTP/1.0 503 - python-swiftclient a... - 12 - tx0 - 0.1 - - 1 2 -', read: { level: 'error' } }]
  }
]
