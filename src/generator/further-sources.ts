import type { Line, Role, Source } from './log-source.ts'

const CONTROL: readonly Role[] = ['controller']
const CLIENT = '10.21.2.1{n:2}:3{n:4}'
const PROCESS = '[pid {n:2}:tid {n:5}]'

/** A program whose container has a folder of its own. */
function logged (
  name: string, file: string, roles: readonly Role[], weight: number, lines: ReadonlyArray<readonly [weight: number, text: string]>
): Source {
  return {
    name,
    roles,
    weight,
    facility: 'local0',
    tag: name,
    file: `/var/log/containers/${file}`,
    lines: lines.map(([weight, text]): Line => ({ weight, text }))
  }
}

/** The same fields in JSON, as oslo.log writes them with use_json. */
function json (level: string, logger: string, text: string): string {
  return `{"message": "${text}", "asctime": "{mysql}", "name": "${logger}", "levelname": "${level}", "process": {n:2}, "traceback": null, ` +
    '"context": {"user": "{user}", "project": "{project}", "request_id": "req-{req}", "global_request_id": null}, "extra": {"extra_keys": []}}'
}

/** Programs of formats of their own, beside those of `openstack-sources.ts` and `system-sources.ts`. */
export const FURTHER_SOURCES: readonly Source[] = [
  logged('libvirt', 'libvirt/virtqemud.log', ['compute'], 4, [
    [4, '{oslo}+0000: {n:5}: info : qemuMonitorIOWrite:438 : QEMU_MONITOR_IO_WRITE: mon=0x7f{hex:10} len={n:3}'],
    [2, '{oslo}+0000: {n:5}: warning : qemuDomainObjTaintMsg:6403 : Domain id={n:3} name=\'instance-0000{hex:4}\' uuid={instance} is tainted: ' +
      'host-cpu'],
    [2, '{oslo}+0000: {n:5}: error : qemuMonitorIO:600 : internal error: End of file from qemu monitor']
  ]),
  logged('httpd', 'httpd/keystone/keystone_wsgi_error_log', CONTROL, 5, [
    [4, `[{httpd}] [wsgi:error] ${PROCESS} [remote ${CLIENT}] {oslo} {n:2} WARNING keystone.server.flask.application [None req-{req} {user} ` +
      '{project} - - default default] Could not find user: {hex:32}.: keystone.exception.UserNotFound'],
    [3, `[{httpd}] [wsgi:error] ${PROCESS} [remote ${CLIENT}] {oslo} {n:2} INFO keystone.common.fernet_utils [None req-{req} - - - - - -] ` +
      'Loaded 3 Fernet keys'],
    [1, `[{httpd}] [proxy_http:error] ${PROCESS} [client ${CLIENT}] AH01102: error reading status line from remote server 10.21.2.1{n:2}:8000`],
    [1, `[{httpd}] [mpm_event:notice] ${PROCESS} AH00493: SIGUSR1 received.  Doing graceful restart`]
  ]),
  logged('octavia-api', 'octavia/octavia-api.log', CONTROL, 4, [
    [8, json('INFO', 'octavia.api.v2.controllers.load_balancer', 'Sending create Load Balancer {uuid} to provider amphora')],
    [2, json('WARNING', 'octavia.common.keystone', 'Using a deprecated default for auth_url')],
    [1, json('ERROR', 'octavia.api.drivers.amphora_driver', 'Load balancer {uuid} failed: level=INFO was expected')]
  ]),
  logged('redis', 'redis/redis.log', CONTROL, 1, [
    [6, '{n:2}:M {redis} * {n:2} changes in 300 seconds. Saving...'],
    [6, '{n:2}:M {redis} * Background saving started by pid {n:5}'],
    [1, '{n:2}:M {redis} # Connection with replica client id #{n:4} lost.']
  ]),
  logged('pacemaker', 'pacemaker/pacemaker.log', CONTROL, 2, [
    [6, '{month} controller-0000 pacemaker-controld  [{n:5}] (process_lrm_event@controld_execd.c:2392) \tinfo: Result of monitor operation for ' +
      'galera-bundle-0: ok'],
    [3, '{month} controller-0000 pacemaker-controld  [{n:5}] (do_state_transition@controld_fsa.c:681) \tnotice: State transition S_IDLE -> ' +
      'S_POLICY_ENGINE'],
    [1, '{month} controller-0000 pacemaker-schedulerd[{n:5}] (unpack_rsc_op_failure@unpack.c:3196) \twarning: Unexpected result (error) was ' +
      'recorded for monitor of rabbitmq']
  ]),
  logged('etcd', 'etcd/etcd.log', CONTROL, 2, [
    [6, '{"level":"info","ts":"{ovs}Z","caller":"mvcc/index.go:214","msg":"compact tree index","revision":{n:8}}'],
    [2, '{"level":"warn","ts":"{ovs}Z","caller":"etcdserver/util.go:166","msg":"apply request took too long","took":"{n:3}.{n:6}ms",' +
      '"expected-duration":"100ms"}']
  ]),
  {
    name: 'node_exporter',
    roles: ['controller', 'compute', 'network', 'storage'],
    weight: 1,
    facility: 'daemon',
    tag: 'node_exporter[{n:5}]:',
    file: '',
    // The journal has one severity for what a program writes to its stderr.
    lines: [
      'ts={ovs}Z caller=collector.go:169 level=error msg="collector failed" name=hwmon duration_seconds=0.{n:9} err="open: no data"',
      'ts={ovs}Z caller=node_exporter.go:117 level=info collector=cpu'
    ].map((text): Line => ({ weight: 1, severity: '6', text: ` ${text}` }))
  }
]
