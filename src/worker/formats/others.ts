import { type Format, pattern } from './format.ts'
import { levels } from './levels.ts'

const CAPITALS = levels('EMERG EMERGENCY ALERT CRITICAL CRIT FATAL PANIC SEVERE ERROR ERR WARNING WARN NOTICE INFO DEBUG TRACE')
const GO = levels('debug info warn warning error fatal panic trace dpanic=critical dbug eror crit DEBUG INFO WARN WARNING ERROR FATAL')
/** Keys that programs write in front of the level. */
const KEYS = 'time|ts|t|timestamp|caller|logger|source|component|service|app|name|module|subsys|host|pid'
/** What may stand between a time and its level: punctuation, brackets, and what is no ordinary word. */
const BETWEEN = String.raw`(?:[ \t|:,\]-]|\[[^\[\]\n]*\]|[A-Za-z]*(?:\d|[._\/@#=-][\w<(])[^ \t|\[\]\n]*[ \t|])*?`
const A = '6f1c1c1e-0000-4000-8000-000000000001'
const B = '6f1c1c1e-0000-4000-8000-000000000002'

export const JSON_FORMAT: Format = {
  name: 'JSON (oslo.log, zap, logrus, MongoDB, etcd, OpenSearch)',
  begins: 'line',
  kernel: 'json',
  untimed: true,
  pattern: /^\{/,
  samples: [
    { line: `{"message": "levelname: \\"DEBUG\\"", "asctime": "2026-01-02 03:04:05", "levelname": "ERROR", "process": 7, "traceback": null, "context": {"user": "u", "request_id": "req-${A}", "global_request_id": "req-${B}"}, "extra": {"instance": "${B}"}}`, read: { level: 'error', pid: '7', request_id: `req-${A}`, global_request_id: `req-${B}`, instance_id: B } },
    { line: '{"level":"error","ts":1767323045.678,"caller":"a/b.go:12","msg":"level=info"}', read: { level: 'error' } },
    { line: '{"t":{"$date":"2026-01-02T03:04:05.678+00:00"},"s":"W","c":"NETWORK","id":12,"ctx":"conn1","msg":"x"}', read: { level: 'warning' } },
    { line: '{"type": "server", "timestamp": "2026-01-02T03:04:05,678Z", "level": "WARN", "component": "o.e.x", "message": "x"}', read: { level: 'warning' } },
    { line: '{"type":"log","@timestamp":"2026-01-02T03:04:05Z","tags":["error","opensearch","data"],"pid":1,"message":"x"}', read: { level: 'error', pid: '1' } }
  ]
}

/** Programs in Go and Java, and what none of the others takes. */
export const OTHERS: readonly Format[] = [
  JSON_FORMAT,
  {
    name: 'Docker\'s file of a container',
    begins: 'line',
    untimed: true,
    wraps: true,
    pattern: /^\{"log":"(?<inner>)[^"]/,
    samples: [{ line: `{"log":"2026-01-02 03:04:05.678 7 ERROR nova.virt [req-${A} u p] no\\n","stream":"stderr","time":"2026-01-02T03:04:05.678901234Z"}`, read: { level: 'error', pid: '7', request_id: `req-${A}` } }]
  },
  {
    name: 'logfmt (podman, Prometheus, Grafana, node_exporter)',
    begins: 'line',
    untimed: true,
    pattern: pattern`(?:(?:${KEYS})=(?:"(?:[^"\\]|\\.)*"|[^ "]*) )*(?:level|lvl)="?${GO}"?(?: |$)`,
    samples: [
      { line: 'time="2026-01-02T03:04:05Z" level=warning msg="x level=error"', read: { level: 'warning' } },
      { line: 'ts=2026-01-02T03:04:05.678Z caller=main.go:12 level=error msg="x"', read: { level: 'error' } },
      { line: 'level=info ts=2026-01-02T03:04:05.678Z caller=main.go:12 msg="x"', read: { level: 'info' } },
      { line: 'logger=context userId=1 t=2026-01-02T03:04:05.678Z level=info msg="x"', read: {} },
      { line: 'logger=sqlstore t=2026-01-02T03:04:05.678Z level=warn msg="x"', read: { level: 'warning' } },
      { line: 't=2026-01-02T03:04:05+0000 lvl=eror msg="x" logger=http', read: { level: 'error' } }
    ]
  },
  {
    name: 'klog, glog (Kubernetes)',
    begins: 'line',
    pattern: pattern`(?:(?<info>I)|(?<warning>W)|(?<error>E)|(?<critical>F))\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.\/-]+:\d+\]`,
    samples: [{ line: 'W0102 03:04:05.678901 1 file.go:12] x', read: { level: 'warning' } }]
  },
  {
    name: 'Ruby (pcsd)',
    begins: 'line',
    pattern: pattern`[DIWEFA], \[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)? #(?<pid>\d+)\] +${levels('DEBUG INFO WARN ERROR FATAL')} -- `,
    samples: [{ line: 'E, [2026-01-02T03:04:05.678 #00012]    ERROR -- : unable to connect', read: { level: 'error', pid: '00012' } }]
  },
  {
    name: 'zerolog (Traefik, cloudflared)',
    begins: 'time',
    pattern: pattern` ${levels('TRC DBG INF WRN ERR FTL=critical PNC=critical')} `,
    samples: [{ line: '2026-01-02T03:04:05Z WRN a certificate is about to expire error="x"', read: { level: 'warning' } }]
  },
  {
    name: 'etcd before 3.4',
    begins: 'time',
    pattern: pattern` (?:(?<critical>C)|(?<error>E)|(?<warning>W)|(?<info>[NI])|(?<debug>[DT])) \| `,
    samples: [{ line: '2026-01-02 03:04:05.678901 W | etcdserver: read-only range request took too long', read: { level: 'warning' } }]
  },
  {
    name: 'Telegraf',
    begins: 'time',
    pattern: pattern` (?:(?<error>E)|(?<warning>W)|(?<info>I)|(?<debug>D))! `,
    samples: [{ line: '2026-01-02T03:04:05Z E! [inputs.x] Error in plugin', read: { level: 'error' } }]
  },
  {
    name: 'InfluxDB before 1.4',
    begins: 'line',
    pattern: pattern`\[(?:(?<error>E)|(?<warning>W)|(?<info>I)|(?<debug>D))\] \d{4}[\/-]\d\d[\/-]\d\d[T ]`,
    samples: [{ line: '[I] 2026-01-02T03:04:05Z opened service', read: { level: 'info' } }]
  },
  {
    name: 'CoreDNS',
    begins: 'line',
    untimed: true,
    pattern: pattern`\[${levels('FATAL ERROR WARNING INFO DEBUG')}\] (?:plugin\/|[\d.:\[\]a-f]+:\d+ - \d+ ")`,
    samples: [{ line: '[ERROR] plugin/errors: 2 a.example. A: read udp: i/o timeout', read: { level: 'error' } }]
  },
  {
    name: 'logback (Cassandra, Dropwizard)',
    begins: 'line',
    pattern: pattern`${levels('FATAL ERROR WARN INFO DEBUG TRACE')} +\[(?:[^\]]*\] \d{4}-\d\d-\d\d[T ]|\d{4}-\d\d-\d\d[T ])`,
    samples: [
      { line: 'WARN  [main] 2026-01-02 03:04:05,678 StartupChecks.java:12 - x', read: { level: 'warning' } },
      { line: 'ERROR [2026-01-02 03:04:05,678] monasca.api.App: x', read: { level: 'error' } }
    ]
  }
]

/** Any other line that begins with a time. */
export const TIMED: readonly Format[] = [
  {
    name: 'a time and a level in brackets or bars (fluentd, collectd, OpenDaylight)',
    begins: 'time',
    within: 64,
    pattern: pattern`${BETWEEN}[[(<|] *${levels('emerg alert critical crit fatal panic severe error err warning warn notice note info debug trace Error Warning Note Info Debug EMERG ALERT CRITICAL CRIT FATAL PANIC SEVERE ERROR ERR WARNING WARN NOTICE INFO DEBUG TRACE WRN INF DBG')} *[\])>|]`,
    samples: [
      { line: '2026-01-02T03:04:05,678 | WARN  | thread-1 | Some.Class | 1 - bundle | x', read: { level: 'warning' } },
      { line: '2026-01-02 03:04:05 +0000 [warn]: #0 failed to flush the buffer', read: { level: 'warning' } },
      { line: '[2026/01/02 03:04:05] [ info] [engine] started', read: { level: 'info' } },
      { line: '[2026-01-02 03:04:05] [error] plugin_load: x', read: { level: 'error' } },
      { line: '2026-01-02T03:04:05.678Z [WARN]  agent: x', read: { level: 'warning' } },
      { line: '[2026-01-02 03:04:05.678][12][warning][config] [a.cc:12] x', read: { level: 'warning' } }
    ]
  },
  {
    name: 'a time and a level in capitals (log4j, zap, ZooKeeper)',
    begins: 'time',
    within: 64,
    pattern: pattern`${BETWEEN}${CAPITALS}(?:[ \t|\]:,]|$)`,
    samples: [
      { line: '2026-01-02 03:04:05,678 [myid:1] - WARN  [Thread:Class@1] - x', read: { level: 'warning' } },
      { line: '2026-01-02T03:04:05.678Z\tERROR\tfile.go:12\tx', read: { level: 'error' } },
      { line: '[2026-01-02 03:04:05,678] WARN x (kafka.server.KafkaServer)', read: { level: 'warning' } },
      { line: '2026-01-02 03:04:05.678 [main] ERROR c.example.App - x', read: { level: 'error' } },
      { line: '2026-01-02 03:04:05 the text says ERROR', read: {} }
    ]
  }
]
