import type { Line, Role, Source } from './log-source.ts'

const ALL: readonly Role[] = ['controller', 'compute', 'network', 'storage']
const CONTROL: readonly Role[] = ['controller']
const VIRTUAL: readonly Role[] = ['compute', 'network']
const STORAGE: readonly Role[] = ['storage']

/** A program that logs over syslog. rsyslog keeps the space behind the tag. */
function daemon (
  name: string,
  roles: readonly Role[],
  weight: number,
  facility: string,
  lines: ReadonlyArray<readonly [weight: number, severity: string, text: string]>
): Source {
  return {
    name,
    roles,
    weight,
    facility,
    tag: `${name}[{n:5}]:`,
    file: '',
    lines: lines.map(([weight, severity, text]): Line => ({ weight, severity, text: ` ${text}` }))
  }
}

/** A program with a log file of its own. */
function logged (name: string, file: string, roles: readonly Role[], weight: number, lines: readonly Line[]): Source {
  return { name, roles, weight, facility: 'local0', tag: name, file, lines }
}

const kernel: Source = {
  ...daemon('kernel', ALL, 3, 'kern', [
    [8, '6', 'device tap{hex:8}-{hex:2} entered promiscuous mode'],
    [4, '6', 'br-int: port {n:2}(tap{hex:8}-{hex:2}) entered forwarding state'],
    [2, '4', 'TCP: request_sock_TCP: Possible SYN flooding on port {n:4}. Sending cookies.  Check SNMP counters.'],
    [1, '3', 'blk_update_request: I/O error, dev sd{hex:1}, sector {n:9} op 0x0:(READ) flags 0x80700 phys_seg 4 prio class 0'],
    [1, '6', 'IPv6: ADDRCONF(NETDEV_CHANGE): qvo{hex:8}-{hex:2}: link becomes ready']
  ]),
  tag: 'kernel:'
}

export const SYSTEM_SOURCES: readonly Source[] = [
  logged('haproxy', '/var/log/containers/haproxy/haproxy.log', ['controller', 'network'], 12, [
    {
      weight: 9,
      text: '10.21.2.1{n:2}:3{n:4} [{haproxy}] nova_osapi nova_osapi/controller-0000.internalapi 0/0/0/{n:3}/{n:3} 200 ' +
        '{n:5} - - ---- {n:4}/{n:2}/1/0/0 0/0 "GET /v2.1/servers/{instance} HTTP/1.1"'
    },
    {
      weight: 9,
      text: '10.21.2.1{n:2}:3{n:4} [{haproxy}] keystone_public~ keystone_public/controller-0001.internalapi ' +
        '0/0/1/{n:2}/{n:2} 201 {n:4} - - ---- {n:4}/{n:3}/0/0/0 0/0 {|"-"} "POST /v3/auth/tokens HTTP/1.1"'
    },
    {
      weight: 1,
      text: 'Server mysql/controller-0002.internalapi is DOWN, reason: Layer7 wrong status, code: 503, info: "Service ' +
        'Unavailable", check duration: {n:2}ms. 2 active and 0 backup servers left.'
    }
  ]),
  logged('rabbitmq', '/var/log/containers/rabbitmq/rabbit.log', CONTROL, 7, [
    {
      weight: 9,
      text: '{oslo}+00:00 [info] <0.{n:5}.{n:2}> accepting AMQP connection <0.{n:5}.{n:2}> (10.21.3.1{n:2}:3{n:4} -> ' +
        '10.21.3.10:5672)'
    },
    {
      weight: 9,
      text: '{oslo}+00:00 [info] <0.{n:5}.{n:2}> connection <0.{n:5}.{n:2}> (10.21.3.1{n:2}:3{n:4} -> 10.21.3.10:5672 - ' +
        'nova-conductor:7:{uuid}): user \'guest\' authenticated and granted access to vhost \'/\''
    },
    {
      weight: 2,
      text: '{oslo}+00:00 [warning] <0.{n:5}.{n:2}> closing AMQP connection <0.{n:5}.{n:2}> (10.21.3.1{n:2}:3{n:4} -> ' +
        '10.21.3.10:5672 - neutron-server:25:{uuid}):\nclient unexpectedly closed TCP connection'
    },
    { weight: 1, text: '{oslo}+00:00 [error] <0.{n:5}.{n:2}> missed heartbeats from client, timeout: 60s' }
  ]),
  logged('mariadb', '/var/log/containers/mysql/mariadb.log', CONTROL, 4, [
    {
      weight: 6,
      text: "{mysql} {n:6} [Warning] Aborted connection {n:6} to db: 'nova_cell0' user: 'nova' host: '10.21.3.1{n:2}' (Got " +
        'an error reading communication packets)'
    },
    { weight: 2, text: '{mysql} 0 [Note] WSREP: Member {n:1}.0 (controller-000{n:1}.internalapi) synced with group.' },
    {
      weight: 1,
      text: '{mysql} {n:6} [ERROR] Deadlock found when trying to get lock; try restarting transaction: UPDATE `ports` SET ' +
        "`status`='ACTIVE' WHERE `id` = '{uuid}'"
    }
  ]),
  daemon('memcached', CONTROL, 1, 'daemon', [[1, '6', '<{n:3} new auto-negotiating client connection from 10.21.3.1{n:2}:3{n:4}, {n:4} ' +
    'of 8192 in use']]),
  logged('ovs-vswitchd', '/var/log/openvswitch/ovs-vswitchd.log', VIRTUAL, 6, [
    {
      weight: 9,
      text: '{ovs}Z|{n:5}|connmgr|INFO|br-int<->tcp:127.0.0.1:6633: {n:2} flow_mods in the last {n:1} s ({n:1} adds, {n:1} ' +
        'deletes)'
    },
    { weight: 2, text: '{ovs}Z|{n:5}|bridge|INFO|bridge br-int: added interface qvo{hex:8}-{hex:2} on port {n:3}' },
    { weight: 1, text: '{ovs}Z|{n:5}|netdev_linux|WARN|tap{hex:8}-{hex:2}: removing policing failed: No such device' }
  ]),
  logged('ovsdb-server', '/var/log/openvswitch/ovsdb-server.log', VIRTUAL, 2, [
    { weight: 1, text: '{ovs}Z|{n:5}|jsonrpc|WARN|tcp:127.0.0.1:4{n:4}: receive error: Connection reset by peer' }
  ]),
  daemon('dnsmasq', ['network'], 4, 'daemon', [
    [4, '6', 'DHCPREQUEST(tap{hex:8}-{hex:2}) 192.168.{n:2}.1{n:2} fa:16:3e:{n:2}:{n:2}:{n:2}'],
    [4, '6', 'DHCPACK(tap{hex:8}-{hex:2}) 192.168.{n:2}.1{n:2} fa:16:3e:{n:2}:{n:2}:{n:2} host-192-168-{n:2}-1{n:2}']
  ]),
  daemon('keepalived', ['controller', 'network'], 1, 'daemon', [[1, '5', 'VRRP_Instance(VR_{n:2}) Sending gratuitous ARPs on ' +
    'ha-{hex:8}-{hex:2} for 169.254.0.{n:2}']]),
  daemon('libvirtd', ['compute'], 3, 'daemon', [
    [3, '4', 'Domain id={n:3} name=\'instance-0000{hex:4}\' uuid={instance} is tainted: host-cpu'],
    [1, '3', 'internal error: End of file from qemu monitor'],
    [1, '3', 'Unable to read from monitor: Connection reset by peer (domain instance-0000{hex:4}, ' +
      '/var/lib/libvirt/qemu/domain-{n:3}-instance-0000{hex:4}/monitor.sock)']
  ]),
  daemon('podman', ['controller', 'compute', 'network'], 3, 'daemon', [
    [1, '6', '{rfc} +0000 UTC m=+0.{n:9} container exec {hex:64} ' +
      '(image=registry.example.org/rhosp/openstack-neutron-openvswitch-agent:17.1, name=ovs_agent, health_status=healthy)']
  ]),
  logged('ceph-osd', '/var/log/ceph/ceph-osd.log', STORAGE, 14, [
    { weight: 9, text: '{ceph}+0000 7f{hex:10}  0 log_channel(cluster) log [DBG] : {n:1}.{hex:3} scrub ok' },
    {
      weight: 1,
      text: '{ceph}+0000 7f{hex:10} -1 osd.{n:2} {n:5} heartbeat_check: no reply from 10.21.4.1{n:2}:6806 osd.{n:2} since ' +
        'back {ceph}+0000 front {ceph}+0000'
    }
  ]),
  logged('ceph-mgr', '/var/log/ceph/ceph-mgr.log', STORAGE, 6, [
    {
      weight: 1,
      text: '{ceph}+0000 7f{hex:10}  0 log_channel(cluster) log [DBG] : pgmap v{n:7}: 1024 pgs: 1024 active+clean; {n:2} ' +
        'TiB data, {n:3} TiB used, {n:3} TiB / {n:3} TiB avail; {n:3} MiB/s rd, {n:3} MiB/s wr, {n:4} op/s'
    }
  ]),
  ...['swift-object-server', 'swift-container-server', 'swift-account-server'].map(name => daemon(name, STORAGE, 5, 'local1', [
    [9, '6', '10.21.4.1{n:2} - - [{apache} +0000] "PUT /d{n:1}/{n:4}/AUTH_{project}/backups/{uuid}" 201 - "PUT ' +
      'http://10.21.4.10:8080/v1/AUTH_{project}/backups/{uuid}" "tx{hex:21}-{hex:10}" "proxy-server {n:3}" 0.{n:4} "-" {n:4} 0'],
    [1, '3', 'ERROR __call__ error with PUT /d{n:1}/{n:4}/AUTH_{project}/backups/{uuid} : LockTimeout (10s) ' +
      '/srv/node/d{n:1}/objects/{n:4}/.lock']
  ])),
  daemon('multipathd', ['compute', 'storage'], 1, 'daemon', [[1, '4', '36001405{hex:25}: sdb - tur checker reports path is down']]),
  daemon('iscsid', ['compute', 'storage'], 1, 'daemon', [[1, '4', 'Kernel reported iSCSI connection {n:1}:0 error (1022 - ' +
    'ISCSI_ERR_NOP_TIMEDOUT: A NOP has timed out) state (3)']]),
  daemon('sudo', ALL, 6, 'authpriv', [
    [6, '5', '  nova : PWD=/ ; USER=root ; COMMAND=/usr/bin/sudo -n nova-rootwrap /etc/nova/rootwrap.conf privsep-helper --config-file ' +
      '/etc/nova/nova.conf --privsep_sock_path /tmp/tmp{hex:8}/privsep.sock'],
    [5, '5', 'heat-admin : TTY=pts/{n:1} ; PWD=/home/heat-admin ; USER=root ; COMMAND=/usr/bin/sudo podman exec -it nova_compute virsh ' +
      'dumpxml instance-0000{hex:4}'],
    [5, '6', 'pam_unix(sudo:session): session opened for user root(uid=0) by stack(uid=1000)'],
    [5, '6', 'pam_unix(sudo:session): session closed for user root'],
    [1, '1', 'pam_unix(sudo:auth): authentication failure; logname=stack uid=1000 euid=0 tty=/dev/pts/{n:1} ruser=stack rhost=  user=stack']
  ]),
  daemon('sshd', ALL, 4, 'authpriv', [
    [6, '6', 'Accepted publickey for tripleo-admin from 10.21.1.1{n:2} port 4{n:4} ssh2: RSA SHA256:{hex:43}'],
    [3, '6', 'Disconnected from user tripleo-admin 10.21.1.1{n:2} port 4{n:4}'],
    [2, '3', 'error: kex_exchange_identification: Connection closed by remote host'],
    [2, '6', 'pam_unix(sshd:session): session opened for user tripleo-admin(uid=1001) by (uid=0)']
  ]),
  daemon('systemd', ALL, 5, 'daemon', [
    [5, '6', 'Started Session {n:5} of User tripleo-admin.'],
    [5, '6', 'tripleo_nova_api_healthcheck.service: Deactivated successfully.'],
    [1, '4', 'tripleo_iscsid_healthcheck.service: Main process exited, code=exited, status=1/FAILURE']
  ]),
  kernel,
  daemon('CROND', ALL, 2, 'cron', [[1, '6', '(root) CMD (/usr/lib64/sa/sa1 1 1 > /dev/null 2>&1 && /usr/bin/logger -t sa1 "{hex:8}")']]),
  daemon('chronyd', ALL, 1, 'daemon', [[2, '6', 'Selected source 10.21.0.{n:2} (clock.example.org)'], [1, '4', 'Forward time jump ' +
    'detected! offset {n:1}.{n:6} s']]),
  daemon('systemd-logind', ALL, 1, 'auth', [[1, '6', 'New session {n:5} of user tripleo-admin.']]),
  daemon('rsyslogd', ALL, 1, 'syslog', [[1, '6', 'imjournal: journal files changed, reloading...  [v8.2302.0 try ' +
    'https://www.rsyslog.com/e/0 ]']]),
  daemon('auditd', ALL, 2, 'daemon', [[1, '6', 'type=USER_ACCT msg=audit(17{n:8}.{n:3}:{n:6}): pid={n:5} uid=0 auid=1000 ses={n:4} ' +
    'subj=system_u:system_r:crond_t:s0 msg=\'op=PAM:accounting grantors=pam_unix acct="root" exe="/usr/sbin/crond" res=success\'']]),
  daemon('dbus-broker', ALL, 1, 'daemon', [[1, '5', 'A security policy denied :1.{n:3} to send method call ' +
    '/org/freedesktop/systemd1:org.freedesktop.systemd1.Manager.GetUnit to org.freedesktop.systemd1.']])
]
