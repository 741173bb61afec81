import { type Format, pattern } from './format.ts'
import { levels } from './levels.ts'

const OVS = levels('EMER ERR WARN INFO DBG')
/** `Jan  2 03:04:05`, as RFC 3164 has it, with a fraction or a year at will. */
const MONTH = String.raw`[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d+)?`
const WORDS = levels('emerg alert crit critical error err warning warn notice info debug trace')

/** Switches, routers, clusters, and what keeps a host running. */
export const NETWORK: readonly Format[] = [
  {
    name: 'Open vSwitch, OVN',
    begins: 'time',
    pattern: pattern`\|\d+\|[^|]+\|${OVS}\|`,
    samples: [
      { line: '2026-01-02T03:04:05.678Z|00017|bridge|WARN|x', read: { level: 'warning' } },
      { line: '2026-01-02T03:04:05.678Z|00001|ovs_rcu(urcu1)|ERR|x', read: { level: 'error' } },
      { line: '2026-01-02T03:04:05.678Z|00002|daemon_unix|EMER|x', read: { level: 'critical' } },
      { line: '2026-01-02T03:04:05Z|00003|poll_loop|DBG|x', read: { level: 'debug' } }
    ]
  },
  {
    name: 'Open vSwitch by syslog',
    begins: 'line',
    untimed: true,
    pattern: pattern`(?:ov[ns]|vtep)[\w.-]*\|\d+\|[^|]+\|${OVS}\|`,
    samples: [
      { line: 'ovs|00018|poll_loop(x)|DBG|x', read: { level: 'debug' } },
      { line: 'ovs-vsctl|00001|vsctl|INFO|Called as ovs-vsctl', read: { level: 'info' } }
    ]
  },
  {
    name: 'qdrouterd, skupper-router',
    begins: 'time',
    pattern: pattern` [A-Z_]+ \(${levels('critical error warning notice info debug trace')}\) `,
    samples: [{ line: '2026-01-02 03:04:05.678901 +0000 SERVER (error) x', read: { level: 'error' } }]
  },
  {
    name: 'qdrouterd before 1.0',
    begins: 'line',
    pattern: pattern`[A-Z][a-z]{2} ${MONTH} \d{4} [A-Z_]+ \(${levels('critical error warning notice info debug trace')}\) `,
    samples: [{ line: 'Fri Jan  2 03:04:05 2026 ROUTER (info) Router started', read: { level: 'info' } }]
  },
  {
    name: 'Pacemaker',
    begins: 'line',
    pattern: pattern`${MONTH} [\w.-]+ [\w.-]+ *\[(?<pid>\d+)\] \([^)]*\)[ \t]*${WORDS}: `,
    samples: [{ line: 'Jan 02 03:04:05 host pacemaker-controld [12] (function) warning: x', read: { level: 'warning', pid: '12' } },
      { line: 'Jan 02 03:04:05.678 host pacemaker-schedulerd[1234] (log_list_item) \tnotice: x', read: { level: 'info', pid: '1234' } }]
  },
  {
    name: 'Pacemaker before 2, Corosync',
    begins: 'line',
    pattern: pattern`${MONTH} \[(?<pid>\d+)\] [\w.-]+ +[\w.-]+:?[ \t]+${WORDS}(?::| +\[)`,
    samples: [{ line: 'Jan 02 03:04:05 [12] host corosync notice [TOTEM ] x', read: { level: 'info', pid: '12' } },
      { line: 'Jan 02 03:04:05 [12] host.example.org    pengine:  warning: unpack_rsc_op: x', read: { level: 'warning', pid: '12' } }]
  },
  {
    name: 'Corosync',
    begins: 'line',
    pattern: pattern`${MONTH} ${WORDS} +\[[A-Z ]+\] `,
    samples: [{ line: 'Jan 02 03:04:05 warning [TOTEM ] x', read: { level: 'warning' } }]
  },
  {
    name: 'HAProxy, its own messages',
    begins: 'line',
    untimed: true,
    pattern: pattern`\[${levels('ALERT WARNING NOTICE INFO DIAG=debug')}\] +(?:\d+\/\d+ )?\((?<pid>\d+)\) : `,
    samples: [{ line: '[WARNING] 001/030405 (12) : Server mysql/a is DOWN', read: { level: 'warning', pid: '12' } },
      { line: '[NOTICE]   (12) : haproxy version is 2.8.3', read: { level: 'info', pid: '12' } }]
  },
  {
    name: 'BIND',
    begins: 'line',
    pattern: pattern`\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)? (?:[a-z-]+: )??${levels('critical error warning notice info debug')}(?: \d+)?: `,
    samples: [{ line: '02-Jan-2026 03:04:05.678 general: error: zone a.example/IN: loading failed', read: { level: 'error' } }]
  },
  {
    name: 'Unbound',
    begins: 'line',
    pattern: pattern`(?:\[\d{9,11}\]|${MONTH}) unbound\[(?<pid>\d+):\w+\] ${levels('fatal error warning notice info debug')}: `,
    samples: [{ line: '[1767323045] unbound[12:0] error: can\'t bind socket', read: { level: 'error', pid: '12' } }]
  },
  {
    name: 'FRR',
    begins: 'time',
    pattern: pattern` ${levels('emergencies=critical alerts=critical critical errors=error warnings=warning notifications=info informational debugging=debug')}: [A-Z]+: `,
    samples: [{ line: '2026/01/02 03:04:05 warnings: BGP: [EC 12] x', read: { level: 'warning' } }]
  },
  {
    name: 'NetworkManager',
    begins: 'line',
    untimed: true,
    pattern: pattern`<${levels('error warn info debug trace')}> +\[\d+\.\d+\] `,
    samples: [
      { line: '<warn>  [1767323045.6789] device (eth0): Activation: failed', read: { level: 'warning' } },
      { line: 'Jan  2 03:04:05 host NetworkManager[812]: <info>  [1767323045.6789] device (tap1): state change', read: { level: 'info', pid: '812' } }
    ]
  },
  {
    name: 'conntrackd',
    begins: 'line',
    pattern: pattern`\[[A-Z][a-z]{2} ${MONTH} \d{4}\] \(pid=(?<pid>\d+)\) \[${levels('error warning notice info')}\] `,
    samples: [{ line: '[Fri Jan  2 03:04:05 2026] (pid=12) [notice] using user-space event filtering', read: { level: 'info', pid: '12' } }]
  },
  {
    name: 'conmon',
    begins: 'line',
    untimed: true,
    pattern: pattern`conmon [\da-f]+ <n?${levels('debug trace info warn warning error')}>: `,
    samples: [{ line: 'conmon 6f1c1c1e00004000 <nwarn>: Failed to chown stdin', read: { level: 'warning' } }]
  },
  {
    name: 'podman\'s events',
    begins: 'time',
    pattern: pattern`(?: [A-Z]{3,4})? m=[+-]\d+\.\d+ `,
    samples: [{ line: '2026-01-02 03:04:05.678901234 +0000 UTC m=+0.123456789 container exec 6f1c (image=x)', read: {} }]
  },
  {
    name: 'syslog, in a file, with its time in full',
    begins: 'time',
    wraps: true,
    pattern: pattern` [\w.:-]+ [\w.\/()@-]+\[(?<pid>\d+)\]: (?<inner>)`,
    samples: [{ line: '2026-01-02T03:04:05.678901+00:00 host sshd[12]: Accepted publickey for stack', read: { pid: '12' } }]
  },
  {
    name: 'syslog, in a file',
    begins: 'line',
    wraps: true,
    pattern: pattern`${MONTH} (?:[\w.:-]+ )?[\w.\/()@-]+\[(?<pid>\d+)\]: (?<inner>)`,
    samples: [{ line: 'Jan  2 03:04:05 dnsmasq-dhcp[12]: DHCPDISCOVER(br-ctlplane) 52:54:00:00:00:01', read: { pid: '12' } },
      { line: 'Jan  2 03:04:05 host CROND[12]: (root) CMD (run-parts /etc/cron.hourly)', read: { pid: '12' } }]
  }
]
