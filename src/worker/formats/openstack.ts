import { type Format, pattern } from './format.ts'
import { levels } from './levels.ts'

/** The names of Python's levels, and oslo.log's own. */
export const PYTHON = levels('CRITICAL FATAL ERROR WARNING WARN INFO AUDIT DEBUG TRACE')
const A = '6f1c1c1e-0000-4000-8000-000000000001'
const B = '6f1c1c1e-0000-4000-8000-000000000002'
const TIME = '2026-01-02 03:04:05.678'

export const OPENSTACK: readonly Format[] = [
  {
    name: 'oslo.log, a traceback of old releases',
    begins: 'time',
    pattern: pattern` (?:(?<pid>\d+) )?(?<error>TRACE)(?<context>) [\w.-]+ (?:\[instance: [^\]]+\] )?(?: |Traceback \(|(?:[a-z_]\w*\.)*[A-Z]\w*(?:: |:?$))`,
    samples: [
      { line: `${TIME} 7 TRACE nova.compute.manager [instance: ${B}] Traceback (most recent call last):`, read: { level: 'error', pid: '7', instance_id: B } },
      { line: `${TIME} 7 TRACE nova.compute.manager   File "/usr/lib/x.py", line 1, in spawn`, read: { level: 'error', pid: '7' } },
      { line: `${TIME} 7 TRACE nova.compute.manager NovaException: no`, read: { level: 'error', pid: '7' } },
      { line: `${TIME} TRACE nova.compute.manager RemoteError`, read: { level: 'error' } }
    ]
  },
  {
    name: 'oslo.log, and what has a time and a level like it',
    begins: 'time',
    kernel: 'oslo',
    pattern: pattern` {1,3}(?:(?<pid>\d+) +)?${PYTHON}(?<context>)(?:[: ]|$)`,
    samples: [
      { line: `${TIME} 7 ERROR nova.virt [None req-${A} u p - default default] [instance: ${B}] no`, read: { level: 'error', pid: '7', request_id: `req-${A}`, instance_id: B } },
      { line: `${TIME} 7 INFO nova.virt [req-${B} req-${A} u p - default default] yes`, read: { level: 'info', pid: '7', global_request_id: `req-${B}`, request_id: `req-${A}` } },
      {
        line: `${TIME} 7 WARNING nova.virt [greq-${B} req-${A} u p] yes`,
        read: { level: 'warning', pid: '7', global_request_id: `req-${B}`, request_id: `req-${A}` }
      },
      { line: `${TIME} 7 WARNING nova.virt [gNone req-${A} u p] yes`, read: { level: 'warning', pid: '7', request_id: `req-${A}` } },
      { line: `${TIME} 7 DEBUG nova.virt [g${B} ${A} u p] yes`, read: { level: 'debug', pid: '7', global_request_id: B, request_id: A } },
      { line: `${TIME} 7 AUDIT nova.virt [${A} u p] yes`, read: { level: 'info', pid: '7', request_id: A } },
      { line: `${TIME} 7 TRACE oslo_messaging.rpc [-] received`, read: { level: 'debug', pid: '7' } },
      { line: `${TIME} 7 CRITICAL nova [-] Unhandled error: no`, read: { level: 'critical', pid: '7' } },
      { line: `${TIME} ERROR ec2.x [req-${A} a b] x`, read: { level: 'error', request_id: `req-${A}` } },
      { line: '[2026-01-02T03:04:05Z ERROR main] x', read: { level: 'error' } },
      { line: '2026-01-02 03:04:05,678 ERROR a.b text', read: { level: 'error' } },
      { line: '2026-01-02 03:04:05,678 12 WARNING a.b [-] text', read: { level: 'warning', pid: '12' } },
      { line: `${TIME} 7 CRITICAL: x`, read: { level: 'critical', pid: '7' } },
      { line: `barbican-api ${TIME} 31 INFO b.c [-] x`, read: { level: 'info', pid: '31' } },
      { line: `2026-01-02T03:04:05.678901+01:00 7 ERROR nova.virt [-] [instance: ${B}] x`, read: { level: 'error', pid: '7', instance_id: B } },
      { line: '2026-01-02 03:04:05,678 INFO     tuned.daemon.daemon: starting tuning', read: { level: 'info' } },
      { line: '2026-01-02 03:04:05 WARNING: ALREADY_ENABLED: http', read: { level: 'warning' } },
      { line: '2026-01-02T03:04:05+0000 CRITICAL Error: Failed to download metadata', read: { level: 'critical' } },
      { line: '2026-01-02 03:04:05.678  INFO: protonet asio version 0', read: { level: 'info' } },
      { line: `${TIME} \u001b[00;32mDEBUG cinder.x [\u001b[00;36mNone req-${A} \u001b[00;36mdemo demo\u001b[00;32m] \u001b[01;35m[instance: ${B}] \u001b[00;32mtext\u001b[00m`, read: { level: 'debug', request_id: `req-${A}`, instance_id: B } }
    ]
  },
  {
    name: 'oslo.log without a time',
    begins: 'line',
    untimed: true,
    pattern: pattern`(?:(?<pid>\d+) )?${levels('CRITICAL ERROR WARNING INFO AUDIT DEBUG')}(?<context>) +(?:[A-Za-z_][\w-]*(?:\.[\w-]+)+ +\[|[A-Za-z_][\w-]* +\[(?:None|-|g?req-[^ \]]*)[ \]])`,
    samples: [
      { line: '9 WARNING neutron.agent [-] x', read: { level: 'warning', pid: '9' } },
      { line: 'WARNING x.y [-] z', read: { level: 'warning' } },
      { line: `ERROR x.y [req-${A} u p] [instance: ${B}] z`, read: { level: 'error', request_id: `req-${A}`, instance_id: B } },
      { line: `\u001b[00;32mDEBUG cinder.x [\u001b[00;36mNone req-${A} \u001b[00;36mdemo demo\u001b[00;32m] \u001b[01;35m\u001b[00;32mtext\u001b[00m`, read: { level: 'debug', request_id: `req-${A}` } },
      { line: `#033[01;31mERROR cinder.x [#033[01;36mreq-${A} #033[00;36mdemo demo#033[01;31m] #033[01;35m#033[01;31mtext#033[00m`, read: { level: 'error', request_id: `req-${A}` } }
    ]
  },
  {
    name: 'oslo.log without a time and a context',
    begins: 'line',
    untimed: true,
    pattern: pattern`(?<pid>\d+) ${levels('CRITICAL ERROR WARNING INFO AUDIT DEBUG')}(?<context>) +[A-Za-z_][\w-]*(?:\.[\w-]+)+ `,
    samples: [{ line: '9 ERROR neutron.agent Traceback (most recent call last):', read: { level: 'error', pid: '9' } }]
  },
  {
    name: 'daiquiri (Gnocchi)',
    begins: 'time',
    pattern: pattern` \[(?<pid>\d+)\] ${PYTHON} +[A-Za-z_][\w.-]*:`,
    samples: [{ line: '2026-01-02 03:04:05,678 [12] WARNING  gnocchi.cli.metricd: Metric processing lagging', read: { level: 'warning', pid: '12' } }]
  },
  {
    name: 'Python, name and level between dashes',
    begins: 'time',
    pattern: pattern` - [\w./-]+ - ${PYTHON} - `,
    samples: [{ line: '2026-01-02 03:04:05,678 - root - ERROR - text', read: { level: 'error' } }]
  },
  {
    name: 'cloud-init',
    begins: 'time',
    pattern: pattern` - [\w.-]+\[${PYTHON}\]: `,
    samples: [{ line: '2026-01-02 03:04:05,678 - util.py[WARNING]: Failed loading yaml blob', read: { level: 'warning' } }]
  },
  {
    name: 'Python\'s basicConfig',
    begins: 'line',
    untimed: true,
    pattern: pattern`${PYTHON}:[A-Za-z_][\w.-]*:`,
    samples: [{ line: 'INFO:__main__:Loading config file at /var/lib/kolla/config_files/config.json', read: { level: 'info' } }]
  },
  {
    name: 'Python traceback',
    begins: 'line',
    untimed: true,
    opens: true,
    pattern: pattern`(?<error>Traceback) \(most recent call last\):`,
    samples: [{ line: 'Traceback (most recent call last):', read: { level: 'error' } }]
  },
  {
    name: 'os-collect-config, os-refresh-config, heat-config',
    begins: 'time',
    pattern: pattern`\] \([\w.-]+\) \[${PYTHON}\] `,
    samples: [
      { line: '[2026-01-02 03:04:05,678] (os-refresh-config) [ERROR] during configure phase.', read: { level: 'error' } },
      { line: '[2026-01-02 03:04:05,678] (heat-config) [INFO] Completed /usr/libexec/heat-config/hooks/script', read: { level: 'info' } }
    ]
  },
  {
    name: 'os-net-config',
    begins: 'time',
    pattern: pattern` [AP]M\] \[${PYTHON}\] `,
    samples: [{ line: '[2026/01/02 03:04:05 AM] [INFO] Using mapping file at: /etc/os-net-config/mapping.yaml', read: { level: 'info' } }]
  },
  {
    name: 'Ansible, with a level',
    begins: 'time',
    pattern: pattern` p=(?<pid>\d+) u=[^ ]+ n=[^ ]+ ${PYTHON}\| `,
    samples: [{ line: '2026-01-02 03:04:05,678 p=12 u=stack n=ansible INFO| PLAY [Gather facts] ***', read: { level: 'info', pid: '12' } }]
  },
  {
    name: 'Ansible',
    begins: 'time',
    pattern: pattern` p=(?<pid>\d+) u=[^ ]+ `,
    samples: [{ line: '2026-01-02 03:04:05,678 p=12 u=stack n=ansible | TASK [Gathering Facts] ***', read: { pid: '12' } }]
  },
  {
    name: 'gunicorn (Octavia\'s amphora)',
    begins: 'time',
    pattern: pattern`\] \[(?<pid>\d+)\] \[${levels('CRITICAL ERROR WARNING INFO DEBUG critical error warning info debug')}\] `,
    samples: [{ line: '[2026-01-02 03:04:05 +0000] [12] [INFO] Starting gunicorn 20.0.4', read: { level: 'info', pid: '12' } }]
  }
]
