import { type Format, pattern } from './format.ts'
import { levels } from './levels.ts'

const TIME = '2026-01-02 03:04:05.678'

/** Databases, queues and storage. */
export const SERVICES: readonly Format[] = [
  {
    name: 'RabbitMQ',
    begins: 'time',
    pattern: pattern` \[ *${levels('debug info notice warning error critical alert emergency')} *\] *<`,
    samples: [
      { line: '2026-01-02 03:04:05.678901+00:00 [error] <0.1.0> x', read: { level: 'error' } },
      { line: `${TIME} [warning] <0.12.0> closing AMQP connection`, read: { level: 'warning' } },
      { line: `${TIME} [notice] <0.44.0> Logging: switching to configured handler(s)`, read: { level: 'info' } }
    ]
  },
  {
    name: 'RabbitMQ before 3.7',
    begins: 'line',
    pattern: pattern`=${levels('ERROR WARNING INFO CRASH=error SUPERVISOR=error PROGRESS=info')} REPORT==== `,
    samples: [
      { line: '=WARNING REPORT==== 2-Jan-2026::03:04:05 ===', read: { level: 'warning' } },
      { line: '=CRASH REPORT==== 2-Jan-2026::03:04:05 ===', read: { level: 'error' } }
    ]
  },
  {
    name: 'RabbitMQ before 3.8, the log of crashes',
    begins: 'time',
    pattern: pattern` =${levels('ERROR WARNING INFO CRASH=error SUPERVISOR=error PROGRESS=info')} REPORT====`,
    samples: [{ line: '2026-01-02 03:04:05 =CRASH REPORT====', read: { level: 'error' } }]
  },
  {
    name: 'MariaDB, MySQL, Galera',
    begins: 'time',
    pattern: pattern`(?: +\d+)? \[${levels('Note Warning Error ERROR NOTE WARNING')}\]`,
    samples: [
      { line: '2026-01-02  3:04:05 17 [Warning] Aborted connection 17 to db', read: { level: 'warning' } },
      { line: '2026-01-02  3:04:05 140001 [ERROR] WSREP: failed to open gcomm backend', read: { level: 'error' } },
      { line: '2026-01-02  3:04:05 0 [Note] WSREP: Member 1.0 synced with group.', read: { level: 'info' } },
      { line: '2026-01-02 03:04:05+00:00 [Note] [Entrypoint]: Entrypoint script started', read: { level: 'info' } },
      { line: '2026-01-02T03:04:05.678901Z 0 [Warning] [MY-010068] [Server] CA certificate is self signed.', read: { level: 'warning' } }
    ]
  },
  {
    name: 'MySQL, a word that is no level',
    begins: 'time',
    pattern: pattern` +\d+ \[System\]`,
    samples: [{ line: '2026-01-02T03:04:05.678901Z 0 [System] [MY-010931] [Server] ready for connections.', read: {} }]
  },
  {
    name: 'MariaDB before 10.1',
    begins: 'line',
    pattern: pattern`\d{6} {1,2}\d{1,2}:\d\d:\d\d \[${levels('Note Warning ERROR')}\] `,
    samples: [{ line: '260102  3:04:05 [ERROR] mysqld: Table is marked as crashed', read: { level: 'error' } }]
  },
  {
    name: 'Galera, what its SST scripts write',
    begins: 'line',
    pattern: pattern`WSREP_SST: \[${levels('ERROR WARNING INFO DEBUG')}\] `,
    samples: [{ line: 'WSREP_SST: [ERROR] Cleanup after exit with status:1 (20260102 03:04:05.678)', read: { level: 'error' } }]
  },
  {
    name: 'ProxySQL',
    begins: 'time',
    pattern: pattern` \w+\.(?:cpp|h):\d+:[\w:~]+\(\): \[${levels('ERROR WARNING INFO')}\] `,
    samples: [{ line: '2026-01-02 03:04:05 MySQL_Session.cpp:12:handler_again___status_PINGING_SERVER(): [WARNING] x', read: { level: 'warning' } }]
  },
  {
    name: 'InnoDB',
    begins: 'time',
    pattern: pattern`(?: [\da-f]+)? InnoDB: ${levels('Error Warning Note Fatal')}[: ]`,
    samples: [
      { line: '2026-01-02 03:04:05 7f00aa InnoDB: Error: table is missing', read: { level: 'error' } },
      { line: '2026-01-02 03:04:05 7f00aa InnoDB: Warning: a long semaphore wait', read: { level: 'warning' } }
    ]
  },
  {
    name: 'libvirt',
    begins: 'time',
    pattern: pattern`: (?<pid>\d+): ${levels('debug info warning error')} : (?<domain>)`,
    samples: [
      { line: '2026-01-02 03:04:05.678+0000: 4711: error : someFunction:12 : x', read: { level: 'error', pid: '4711' } },
      { line: '2026-01-02 03:04:05.678+0000: 4711: warning : qemuDomainObjTaint:12 : Domain id=3 name=\'instance-00000001\' uuid=6f1c1c1e-0000-4000-8000-000000000002 is tainted: host-cpu', read: { level: 'warning', pid: '4711', instance_id: '6f1c1c1e-0000-4000-8000-000000000002' } },
      { line: '2026-01-02 03:04:05.678+0000: 4711: info : libvirt version: 9.0.0', read: { level: 'info', pid: '4711' } }
    ]
  },
  {
    name: 'libvirt by syslog',
    begins: 'line',
    untimed: true,
    pattern: pattern`Domain id=\d+ name='[^']*' uuid=(?<instance>[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}) `,
    samples: [{ line: 'Domain id=3 name=\'instance-00000001\' uuid=6f1c1c1e-0000-4000-8000-000000000002 is tainted: host-cpu', read: { instance_id: '6f1c1c1e-0000-4000-8000-000000000002' } }]
  },
  {
    name: 'qemu, a warning',
    begins: 'time',
    pattern: pattern` (?:\/usr\/[\w\/.-]+|qemu-[\w.-]+): ${levels('warning info')}: `,
    samples: [{ line: '2026-01-02T03:04:05.678901Z qemu-kvm: warning: host doesn\'t support requested feature: MSR(48FH)', read: { level: 'warning' } }]
  },
  {
    name: 'qemu',
    begins: 'time',
    pattern: pattern`(?: (?:\/usr\/[\w\/.-]+|qemu-[\w.-]+):|: (?:starting up libvirt version|shutting down))`,
    samples: [
      { line: '2026-01-02T03:04:05.678901Z qemu-kvm: terminating on signal 15 from pid 4711', read: {} },
      { line: '2026-01-02 03:04:05.678+0000: shutting down, reason=destroyed', read: {} }
    ]
  },
  {
    name: 'Ceph',
    begins: 'time',
    pattern: pattern` [\da-f]+ +${levels('-1=error 0=info 1=info 2=debug 3=debug 4=debug 5=debug 6=debug 7=debug 8=debug 9=debug 10=debug 11=debug 12=debug 13=debug 14=debug 15=debug 16=debug 17=debug 18=debug 19=debug 20=debug 21=debug 25=debug 30=debug')} `,
    samples: [
      { line: '2026-01-02T03:04:05.678+0000 7f00 -1 osd.3 12 heartbeat_check: no reply', read: { level: 'error' } },
      { line: '2026-01-02T03:04:05.678+0000 7f0011223344  0 log_channel(cluster) log [DBG] : 1.2 scrub ok', read: { level: 'info' } },
      { line: '2026-01-02T03:04:05.678+0000 7f0011223344  1 osd.3 12 state: booting', read: { level: 'info' } },
      { line: '2026-01-02T03:04:05.678+0000 7f0011223344 10 osd.3 12 tick', read: { level: 'debug' } },
      { line: 'debug 2026-01-02T03:04:05.678+0000 7f0011223344 -1 mon.a@0(leader) e1 failed', read: { level: 'error' } }
    ]
  },
  {
    name: 'Ceph, cluster log',
    begins: 'time',
    pattern: pattern` [\w.-]+ (?:\([\w.-]+\) |[\w.-]+ [^ ]+ )\d+ : (?:\w+ )?\[${levels('DBG INF WRN ERR')}\] `,
    samples: [
      { line: '2026-01-02T03:04:05.678+0000 mon.a (mon.0) 12 : cluster [WRN] Health check failed', read: { level: 'warning' } },
      { line: 'cluster 2026-01-02T03:04:05.678901+0000 mgr.b (mgr.14100) 34 : cluster [DBG] pgmap v1', read: { level: 'debug' } },
      { line: '2026-01-02 03:04:05.678901 osd.2 osd.2 192.0.2.1:6800/12 7 : cluster [ERR] 1.2 scrub 1 errors', read: { level: 'error' } }
    ]
  },
  {
    name: 'cephadm',
    begins: 'time',
    pattern: pattern` [\da-f]+ ${levels('CRITICAL ERROR WARNING INFO DEBUG')} `,
    samples: [{ line: '2026-01-02 03:04:05,678 7f0011223344 INFO Deploying daemon osd.3 ...', read: { level: 'info' } }]
  },
  {
    name: 'ceph-volume, Elasticsearch, Logstash',
    begins: 'time',
    pattern: pattern`\](?:\[[^\]]*\]){0,2}?\[ *${levels('CRITICAL FATAL ERROR WARNING WARN INFO DEBUG TRACE')} *\]`,
    samples: [
      { line: '[2026-01-02 03:04:05,678][ceph_volume.main][INFO  ] Running command: ceph-volume lvm list', read: { level: 'info' } },
      { line: '[2026-01-02T03:04:05,678][WARN ][o.e.c.r.a.DiskThresholdMonitor] [node-1] high disk watermark', read: { level: 'warning' } }
    ]
  },
  {
    name: 'Gluster',
    begins: 'time',
    pattern: pattern`\] (?:(?<debug>[DT])|(?<info>[IN])|(?<warning>W)|(?<error>E)|(?<critical>[CAM])) \[`,
    samples: [{ line: '[2026-01-02 03:04:05.678901] E [MSGID: 101] [socket.c:12:fn] 0-x: connection failed', read: { level: 'error' } }]
  },
  {
    name: 'NFS-Ganesha',
    begins: 'line',
    pattern: pattern`\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d : epoch [\da-f]+ : [^ ]+ : [\w.]+-(?<pid>\d+)\[[^\]]*\] [^ ]+ :[^:]+:${levels('FATAL MAJ=error CRIT WARN EVENT=info INFO DEBUG M_DBG=debug F_DBG=debug')} :`,
    samples: [{ line: '02/01/2026 03:04:05 : epoch 6957a1b2 : host : ganesha.nfsd-12[main] nfs_start :NFS STARTUP :EVENT : NFS SERVER INITIALIZED', read: { level: 'info', pid: '12' } }]
  },
  {
    name: 'Redis, Valkey',
    begins: 'line',
    pattern: pattern`(?:(?<pid>\d+):[A-Z] \d{1,2} \w{3} (?:\d{4} )?)\d\d:\d\d:\d\d(?:\.\d+)? ${levels('#=warning *=info -=info .=debug')} `,
    samples: [
      { line: '1:M 02 Jan 2026 03:04:05.678 # WARNING overcommit_memory is set to 0!', read: { level: 'warning', pid: '1' } },
      { line: '12:S 02 Jan 2026 03:04:05.678 * MASTER <-> REPLICA sync started', read: { level: 'info', pid: '12' } },
      { line: '12:M 02 Jan 2026 03:04:05.678 - DB 0: 1 keys', read: { level: 'info', pid: '12' } },
      { line: '12:X 02 Jan 2026 03:04:05.678 . a detail', read: { level: 'debug', pid: '12' } }
    ]
  },
  {
    name: 'Redis before 3.0',
    begins: 'line',
    pattern: pattern`\[(?<pid>\d+)\] \d{1,2} \w{3} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)? ${levels('#=warning *=info -=info .=debug')} `,
    samples: [{ line: '[3574] 02 Jan 03:04:05.678 # User requested shutdown...', read: { level: 'warning', pid: '3574' } }]
  },
  {
    name: 'PostgreSQL',
    begins: 'time',
    pattern: pattern`(?: [A-Z]{3,5})? \[(?<pid>\d+)(?:-\d+)?\](?: [^ ]+)*? ${levels('DEBUG1=debug DEBUG2=debug DEBUG3=debug DEBUG4=debug DEBUG5=debug DEBUG INFO NOTICE WARNING ERROR LOG FATAL PANIC')}: `,
    samples: [
      { line: '2026-01-02 03:04:05.678 UTC [12] ERROR:  relation "x" does not exist', read: { level: 'error', pid: '12' } },
      { line: '2026-01-02 03:04:05.678 CET [12] nova@nova FATAL:  password authentication failed', read: { level: 'critical', pid: '12' } },
      { line: '2026-01-02 03:04:05 UTC [12-1] LOG:  database system is ready to accept connections', read: { level: 'info', pid: '12' } },
      { line: '2026-01-02 03:04:05.678 UTC [12] PANIC:  could not locate a valid checkpoint record', read: { level: 'critical', pid: '12' } }
    ]
  },
  {
    name: 'PostgreSQL, what belongs to the record before',
    begins: 'time',
    wraps: true,
    pattern: pattern`(?: [A-Z]{3,5})? \[(?<pid>\d+)(?:-\d+)?\](?: [^ ]+)*? (?:STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION): `,
    samples: [{ line: '2026-01-02 03:04:05.678 UTC [12] STATEMENT:  SELECT * FROM x', read: { pid: '12' } }]
  },
  {
    name: 'MongoDB before 4.4',
    begins: 'time',
    pattern: pattern` (?:(?<critical>F)|(?<error>E)|(?<warning>W)|(?<info>I)|(?<debug>D\d?)) +[A-Z_-]+ +\[`,
    samples: [{ line: '2026-01-02T03:04:05.678+0000 W  NETWORK  [conn1] connection refused', read: { level: 'warning' } }]
  }
]
