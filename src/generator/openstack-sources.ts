import type { Line, Role, Source } from './log-source.ts'

/**
 * The request contexts that oslo.log writes: Queens; Yoga and later, with a global request id; and outside of a
 * request.
 */
const PLAIN = '[req-{req} {user} {project} - default default]'
const NONE = '[None req-{req} {user} {project} - - default default]'
const GLOBAL = '[req-{greq} req-{req} {user} {project} - - default default]'
const PERIODIC = '[None req-{req} - - - - - -]'

function oslo (weight: number, level: string, logger: string, context: string, text: string): Line {
  return { weight, text: `{oslo} {n:2} ${level} ${logger} ${context} ${text}` }
}

/**
 * A traceback. oslo.log writes its prefix before each line. It is one record, because imfile joins the lines
 * (startmsg.regex).
 */
function traceback (weight: number, logger: string, context: string, text: string, frames: readonly string[]): Line {
  const head = `{oslo} {n:2} ERROR ${logger} ${context} `
  return { weight, text: [text, 'Traceback (most recent call last):', ...frames].map(line => head + line).join('\n') }
}

function service (name: string, project: string, roles: readonly Role[], weight: number, lines: readonly Line[]): Source {
  return { name, roles, weight, facility: 'local0', tag: name, file: `/var/log/containers/${project}/${name}.log`, lines }
}

const CONTROL: readonly Role[] = ['controller']
const COMPUTE: readonly Role[] = ['compute']
const NETWORK: readonly Role[] = ['network']
const AGENTS: readonly Role[] = ['compute', 'network']
const INSTANCE = '[instance: {instance}]'
const CLIENT = '10.21.{n:2}.1{n:2}'

export const OPENSTACK_SOURCES: readonly Source[] = [
  service('nova-compute', 'nova', COMPUTE, 48, [
    oslo(10, 'INFO', 'nova.compute.manager', NONE, `${INSTANCE} Took {n:1}.{n:2} seconds to spawn the instance on the hypervisor.`),
    oslo(10, 'INFO', 'nova.virt.libvirt.driver', PLAIN, `${INSTANCE} Instance spawned successfully.`),
    oslo(14, 'INFO', 'nova.compute.resource_tracker', PERIODIC, 'Final resource view: name=hypervisor phys_ram={n:6}MB ' +
      'used_ram={n:5}MB phys_disk={n:4}GB used_disk={n:3}GB total_vcpus=96 used_vcpus={n:2} pci_stats=[]'),
    oslo(12, 'INFO', 'nova.compute.claims', PLAIN, `${INSTANCE} Claim successful on node hypervisor`),
    oslo(10, 'DEBUG', 'oslo_concurrency.lockutils', NONE, 'Lock "compute_resources" "released" by ' +
      '"nova.compute.resource_tracker.ResourceTracker.instance_claim" :: held 0.{n:3}s inner ' +
      '/usr/lib/python3.9/site-packages/oslo_concurrency/lockutils.py:405'),
    oslo(5, 'WARNING', 'nova.compute.manager', GLOBAL, `${INSTANCE} Received unexpected event network-vif-plugged-{uuid} for instance ` +
      'with vm_state active and task_state None.'),
    oslo(1, 'ERROR', 'nova.compute.manager', PLAIN, `${INSTANCE} Instance failed to spawn: nova.exception.PortBindingFailed: Binding ` +
      'failed for port {uuid}, please check neutron logs for more information.'),
    traceback(1, 'nova.compute.manager', PLAIN, `${INSTANCE} Setting instance vm_state to ERROR: libvirt.libvirtError: Timed out ` +
      'during operation', [
      '  File "/usr/lib/python3.9/site-packages/nova/compute/manager.py", line 2{n:3}, in _build_resources',
      '    yield resources',
      'libvirt.libvirtError: Timed out during operation: cannot acquire state change lock'])
  ]),
  service('nova-api', 'nova', CONTROL, 14, [
    oslo(20, 'INFO', 'nova.osapi_compute.wsgi.server', PLAIN, `${CLIENT} "GET /v2.1/servers/detail?limit=1000&all_tenants=1 HTTP/1.1" ` +
      'status: 200 len: {n:5} time: 0.{n:7}'),
    oslo(6, 'INFO', 'nova.osapi_compute.wsgi.server', GLOBAL, `${CLIENT} "POST /v2.1/servers HTTP/1.1" status: 202 len: {n:3} time: ` +
      '1.{n:7}'),
    oslo(3, 'INFO', 'nova.api.openstack.wsgi', PLAIN, 'HTTP exception thrown: Instance {instance} could not be found.'),
    oslo(1, 'WARNING', 'oslo_config.cfg', PERIODIC, 'Deprecated: Option "api_servers" from group "glance" is deprecated for removal. ' +
      'Its value may be silently ignored in the future.')
  ]),
  service('nova-conductor', 'nova', CONTROL, 3, [
    oslo(9, 'DEBUG', 'nova.conductor.manager', NONE, `${INSTANCE} Selected host: compute-00{n:2}; alternates for retry: 2 ` +
      'build_instances /usr/lib/python3.9/site-packages/nova/conductor/manager.py:766'),
    oslo(1, 'ERROR', 'nova.scheduler.utils', PLAIN, `${INSTANCE} Error from last host: compute-00{n:2} (node compute-00{n:2}): ` +
      'NoValidHost: No valid host was found. Exceeded maximum number of retries.')
  ]),
  service('nova-scheduler', 'nova', CONTROL, 3, [
    oslo(9, 'INFO', 'nova.scheduler.manager', NONE, 'Successfully synced instances from host compute-00{n:2}.'),
    oslo(1, 'WARNING', 'nova.scheduler.host_manager', PERIODIC, 'Host compute-00{n:2} has more disk space than database expected ' +
      '({n:4} GB > {n:3} GB)')
  ]),
  service('neutron-server', 'neutron', CONTROL, 14, [
    oslo(18, 'INFO', 'neutron.wsgi', PLAIN, `${CLIENT},127.0.0.1 "GET /v2.0/ports?device_id={instance}&fields=id HTTP/1.1" status: 200 ` +
      ' len: {n:4} time: 0.{n:7}'),
    oslo(5, 'INFO', 'neutron.notifiers.nova', NONE, "Nova event response: {'name': 'network-vif-plugged', 'server_uuid': '{instance}', " +
      "'tag': '{uuid}', 'status': 'completed', 'code': 200}"),
    oslo(2, 'WARNING', 'neutron.plugins.ml2.rpc', GLOBAL, 'Device {uuid} requested by agent ovs-agent-compute-00{n:2} not found in ' +
      'database'),
    oslo(1, 'ERROR', 'neutron.plugins.ml2.managers', PLAIN, 'Failed to bind port {uuid} on host compute-00{n:2} for vnic_type normal ' +
      'using segments [{"network_type": "vxlan", "segmentation_id": {n:4}}]')
  ]),
  service('neutron-ovs-agent', 'neutron', AGENTS, 34, [
    oslo(14, 'INFO', 'neutron.plugins.ml2.drivers.openvswitch.agent.ovs_neutron_agent', PERIODIC, 'Port {uuid} updated. Details: vlan ' +
      '1{n:2}, network_type vxlan'),
    oslo(10, 'DEBUG', 'neutron.agent.linux.utils', PERIODIC, 'Running command (rootwrap daemon): [\'ovs-ofctl\', \'dump-flows\', ' +
      '\'br-int\', \'table=23\'] execute_rootwrap_daemon /usr/lib/python3.9/site-packages/neutron/agent/linux/utils.py:108'),
    oslo(8, 'INFO', 'neutron.agent.securitygroups_rpc', NONE, "Security group member updated {'{uuid}'}"),
    oslo(1, 'ERROR', 'neutron.plugins.ml2.drivers.openvswitch.agent.openflow.native.ofswitch', PERIODIC, 'Switch connection timeout: ' +
      'datapath 0x{hex:12}')
  ]),
  service('neutron-l3-agent', 'neutron', NETWORK, 8, [
    oslo(9, 'INFO', 'neutron.agent.l3.agent', PERIODIC, 'Finished a router update for {uuid}, update_id {uuid}. Time elapsed: 0.{n:3}'),
    oslo(1, 'WARNING', 'neutron.agent.l3.ha', NONE, 'Router {uuid} transitioned to backup on agent network-000{n:1}')
  ]),
  service('neutron-dhcp-agent', 'neutron', NETWORK, 6, [
    oslo(9, 'INFO', 'neutron.agent.dhcp.agent', PLAIN, 'Trigger reload_allocations for port admin_state_up=True, device_id={instance}, ' +
      'id={uuid}, mac_address=fa:16:3e:{n:2}:{n:2}:{n:2}, status=ACTIVE')
  ]),
  service('neutron-metadata-agent', 'neutron', AGENTS, 4, [
    oslo(9, 'INFO', 'eventlet.wsgi.server', PERIODIC, `${CLIENT},<local> "GET /2009-04-04/meta-data/instance-id HTTP/1.1" status: 200 ` +
      ' len: {n:3} time: 0.{n:7}')
  ]),
  service('keystone', 'keystone', CONTROL, 10, [
    oslo(10, 'INFO', 'keystone.common.wsgi', NONE, 'POST http://10.21.1.1{n:2}:5000/v3/auth/tokens'),
    oslo(3, 'WARNING', 'keystone.server.flask.application', PLAIN, 'Authorization failed. The request you have made requires ' +
      'authentication. from 10.21.2.1{n:2}'),
    {
      weight: 14,
      text: `${CLIENT} - - [{apache} +0000] "GET /v3/auth/tokens HTTP/1.1" 200 {n:4} "-" "openstacksdk/0.61.4 ` +
        'keystoneauth1/4.4.0 python-requests/2.25.1 CPython/3.9.18"'
    }
  ]),
  service('glance-api', 'glance', CONTROL, 5, [
    oslo(9, 'INFO', 'eventlet.wsgi.server', PLAIN, `${CLIENT} - - [{apache}] "GET /v2/images/{uuid} HTTP/1.1" 200 {n:4} 0.{n:6}`),
    oslo(1, 'WARNING', 'glance.common.auth', GLOBAL, 'Image {uuid} could not be deleted because it is in use: The image cannot be ' +
      'deleted because it has snapshot(s).')
  ]),
  service('cinder-api', 'cinder', CONTROL, 5, [
    oslo(9, 'INFO', 'cinder.api.openstack.wsgi', GLOBAL, 'https://cloud.example.org:8776/v3/{project}/volumes/detail returned with ' +
      'HTTP 200')
  ]),
  service('cinder-volume', 'cinder', ['controller', 'storage'], 5, [
    oslo(8, 'INFO', 'cinder.volume.flows.manager.create_volume', PLAIN, 'Volume {uuid}: being created as raw with specification: ' +
      '{\'status\': \'creating\', \'volume_name\': \'volume-{uuid}\', \'volume_size\': {n:2}}'),
    oslo(1, 'ERROR', 'cinder.volume.manager', NONE, 'Unable to delete busy volume. Volume volume-{uuid} is being used: ImageBusy: ' +
      '[errno 16] error removing image')
  ]),
  service('cinder-scheduler', 'cinder', CONTROL, 2, [
    oslo(9, 'INFO', 'cinder.scheduler.filters.capacity_filter', PLAIN, 'Sufficient free space for thick provisioning on host ' +
      'hostgroup@tripleo_ceph#tripleo_ceph: {n:5}.{n:2} GB free')
  ]),
  service('heat-engine', 'heat', CONTROL, 5, [
    oslo(9, 'INFO', 'heat.engine.resource', NONE, 'creating Server "web-{n:2}" Stack "stack-{hex:8}" [{uuid}]'),
    oslo(1, 'INFO', 'heat.engine.stack', GLOBAL, 'Stack CREATE FAILED (stack-{hex:8}): Resource CREATE failed: ResourceInError: ' +
      'resources.web-{n:2}: Went to status ERROR')
  ]),
  service('heat-api', 'heat', CONTROL, 2, [
    {
      weight: 1,
      text: `${CLIENT} - - [{apache} +0000] "GET /v1/{project}/stacks?limit=20 HTTP/1.1" 200 {n:5} ` +
        '"https://cloud.example.org/project/stacks/" "python-heatclient"'
    }
  ]),
  service('placement', 'placement', CONTROL, 8, [
    oslo(9, 'INFO', 'placement.requestlog', GLOBAL, `${CLIENT} "GET ` +
      '/placement/allocation_candidates?limit=1000&resources=DISK_GB%3A{n:2}%2CMEMORY_MB%3A{n:4}%2CVCPU%3A4" status: 200 len: {n:5} ' +
      'microversion: 1.36')
  ]),
  service('ceilometer-agent-compute', 'ceilometer', COMPUTE, 3, [
    oslo(9, 'DEBUG', 'ceilometer.compute.pollsters', PERIODIC, '{instance}/cpu volume: {n:9}000000 _stats_to_sample ' +
      '/usr/lib/python3.9/site-packages/ceilometer/compute/pollsters/__init__.py:108')
  ])
]
