import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, lokean, startRun } from '../helpers/program.ts'

function folder (cleanup: Cleanup): string {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-'))
  cleanup.add(() => { rmSync(dir, { recursive: true }) })
  return dir
}

test('wrong settings stop the start with 78 and a line for each that names it', async t => {
  const cleanup = Cleanup.of(t)
  const dir = folder(cleanup)
  const empty = join(dir, 'empty')
  writeFileSync(empty, '\n')
  const absent = join(dir, 'absent')
  const env = {
    LOKEAN_AMQP_URL: 'amqp://reader:hunter2@bus.example/logs',
    LOKEAN_AMQP_CA: absent,
    LOKEAN_LOKI_PASSWORD_FILE: absent,
    LOKEAN_LOKI_TOKEN_FILE: empty,
    LOKEAN_SHARDS: '0',
    LOKEAN_PUSH_TIMEOUT: 'soon'
  }
  const lines = [
    'LOKEAN_AMQP_URL is "(hidden)@bus.example/logs": must not have a path: addresses to read go into LOKEAN_AMQP_ADDRESSES',
    `LOKEAN_AMQP_CA is ${JSON.stringify(absent)}: cannot be read (ENOENT: no such file or directory)`,
    `LOKEAN_LOKI_PASSWORD_FILE is ${JSON.stringify(absent)}: cannot be read (ENOENT: no such file or directory)`,
    `LOKEAN_LOKI_TOKEN_FILE is ${JSON.stringify(empty)}: must not be an empty file`,
    'LOKEAN_SHARDS is "0": must be a whole number from 1 to 256',
    /^LOKEAN_PUSH_TIMEOUT is "soon": must be /
  ]
  await Promise.all(['run', 'demo'].map(async command => {
    const { code, stdout, stderr } = await lokean(cleanup, [command], env)
    assert.deepEqual({ code, stdout }, { code: 78, stdout: '' })
    const said = stderr.trimEnd().split('\n').map(line => line.replace(/^lokean: /, ''))
    assert.equal(said.length, lines.length, stderr)
    for (const [i, line] of lines.entries()) {
      if (typeof line === 'string') assert.equal(said[i], line)
      else assert.match(said[i], line)
    }
  }))
})

test('where the admin port or the dead-letter directory cannot be used, nothing is started', async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  let reached = 0
  const loki = createServer(socket => { reached++; socket.destroy() }).listen(0, '127.0.0.1')
  await once(loki, 'listening')
  cleanup.add(() => { loki.close() })
  const file = join(folder(cleanup), 'file')
  writeFileSync(file, '')
  const taken = `127.0.0.1:${bus.port}`
  const env = { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: `http://127.0.0.1:${(loki.address() as AddressInfo).port}` }
  // Permissions do not bind a superuser, but no directory can lie below a file.
  const below = join(file, 'letters')
  const [port, directory] = await Promise.all([
    startRun(cleanup, { ...env, LOKEAN_ADMIN_ADDR: taken }).exited,
    startRun(cleanup, { ...env, LOKEAN_DEAD_LETTER_DIR: below }).exited
  ])
  assert.deepEqual(port, { code: 78, signal: null, stdout: '', stderr: `lokean: LOKEAN_ADMIN_ADDR is "${taken}": the port is in use\n` })
  assert.deepEqual({ ...directory, stderr: '' }, { code: 78, signal: null, stdout: '', stderr: '' })
  assert.match(directory.stderr, /^lokean: LOKEAN_DEAD_LETTER_DIR\b.*\n$/)
  assert.ok(directory.stderr.includes(below), directory.stderr)
  assert.deepEqual({ peers: bus.peers(), stats: bus.stats(), reached }, { peers: [], stats: {}, reached: 0 })
})

/** The lines of the page that say how a file of settings is given. */
const WITH_FILE = readFileSync('deploy/README.md', 'utf8').split('\n').filter(line => /^(?:node|lokean) .*--env-file /.test(line))

for (const line of WITH_FILE) {
  test(`as the page writes it: ${line}`, t => {
    const dir = folder(Cleanup.of(t))
    const [command, ...args] = line.split(' ')
    // What npm links as `lokean` starts by its first line.
    const bin = join('dist', 'main.js')
    const run = (file: string): { status: number | null, stdout: string, stderr: string } => spawnSync(
      command === 'node' ? process.execPath : bin, [...args.slice(0, -1), file],
      { encoding: 'utf8', env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` } }
    )
    const file = join(dir, 'lokean.env')
    writeFileSync(file, 'LOKEAN_SHARDS=0\n')
    const { status, stderr } = run(file)
    assert.deepEqual({ status, stderr }, { status: 78, stderr: 'lokean: LOKEAN_SHARDS is "0": must be a whole number from 1 to 256\n' })
    const absent = join(dir, 'absent')
    const missing = run(absent)
    assert.equal(missing.stdout, '')
    // Node's own words, where it takes the flag.
    if (missing.status === 9) assert.match(missing.stderr, new RegExp(`${absent}: not found`))
    else assert.deepEqual(missing, { ...missing, status: 78, stderr: `lokean: --env-file ${JSON.stringify(absent)} cannot be read (ENOENT: no such file or directory)\n` })
    if (args[0] === '--' && !process.version.startsWith('v20.')) assert.equal(missing.status, 78)
  })
}

test('settings come from --env-file where the environment lacks them; unknown names are warned of, those of Kubernetes are not', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const file = join(folder(cleanup), 'lokean.env')
  writeFileSync(file, [
    '# comment', `LOKEAN_AMQP_URL=${bus.url}`, 'LOKEAN_AMQP_ADDRESSES="a/b, c/d"', 'LOKEAN_SHARDS=7',
    'LOKEAN_LOKI_URL=http://127.0.0.1:9/loki', 'LOKEAN_AMQP_ADRESSES=typo', ''
  ].join('\n'))
  const run = startRun(cleanup, {
    LOKEAN_SHARDS: '3',
    LOKEAN_LOKI_PASWORD: 'mistyped-secret',
    LOKEAN_PORT: 'tcp://10.0.0.1:9464',
    LOKEAN_SERVICE_HOST: '10.0.0.1',
    LOKEAN_SERVICE_PORT_METRICS: '9464',
    LOKEAN_PORT_9464_TCP_ADDR: '10.0.0.1'
  }, ['--env-file', file])
  const up = await run.logged('lokean is up')
  const { bus: urls, addresses, loki, workers, shards } = up
  assert.deepEqual({ urls, addresses, loki, workers, shards }, {
    urls: [bus.url], addresses: ['a/b', 'c/d'], loki: ['http://127.0.0.1:9/loki'], workers: 1, shards: 3
  })
  const before = run.log().slice(0, run.log().findIndex(({ msg }) => msg === up.msg)).map(({ level, msg }) => `${level} ${msg}`).sort()
  assert.deepEqual(before, [
    'warn LOKEAN_AMQP_ADRESSES is not a setting of Lokean and has no effect; the nearest is LOKEAN_AMQP_ADDRESSES',
    'warn LOKEAN_LOKI_PASWORD is not a setting of Lokean and has no effect; the nearest is LOKEAN_LOKI_PASSWORD'
  ])
  await bus.until(stats => stats['a/b']?.receivers === 1 && stats['c/d']?.receivers === 1)
  const { code, stdout, stderr } = await run.stop('SIGINT')
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.ok(!stdout.includes('mistyped-secret'))
})
