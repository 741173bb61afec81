import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message, record } from '../helpers/messages.ts'
import { BOUNDED, Program } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { until } from '../helpers/until.ts'

/** A user and group of nobody's, without capabilities or a way to get any. */
const NOBODY = 65534
const AS_NOBODY = [
  'setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'
]

/** Traces the file calls of all threads, one a line. With `-D` the process stays its parent's child. */
const traced = (file: string): string[] => ['strace', '-D', '-f', '-q', '-s', '4096', '-e', 'trace=%file', '-e', 'signal=none', '-o', file]

/** Returns one call a line. Where another thread's call came between, the two halves are joined. */
function calls (trace: string): string[] {
  const begun = new Map<string, string>()
  return trace.split('\n').flatMap(line => {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest === undefined) return []
    const half = /^(.*) <unfinished \.\.\.>$/.exec(rest)
    if (half !== null) {
      begun.set(thread, half[1])
      return []
    }
    const other = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    return [other === null ? line : `${thread} ${begun.get(thread)}${other[1]}`]
  })
}

/** Returns the path of each successful call that may have changed a file. */
function writes (trace: string): string[] {
  return calls(trace).flatMap(line => {
    const call = /^\d+ +(\w+)\((.*)\) += (?!-1)/.exec(line)
    if (call === null) return []
    const [, name, args] = call
    const changes = /^(open|openat|openat2)$/.test(name)
      ? /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(args)
      : /^(creat|mkdir|rmdir|rename|unlink|link|symlink|truncate|ch(mod|own)|[fl]ch(mod|own)|mknod|utime|setxattr|lsetxattr|mount|pivot_root|chroot)/.test(
        name
      )
    return changes ? [/"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? line] : []
  })
}

function noStrace (): string | false {
  const { status } = spawnSync('strace', ['-D', '-f', '-o', '/dev/null', 'true'])
  return status === 0 ? false : 'there is no strace, or it may not trace here'
}

function why (): string | false {
  if (process.getuid?.() !== 0) return 'only root can become nobody'
  if (spawnSync('setpriv', ['--version']).status !== 0) return 'there is no setpriv'
  const [command, ...args] = [...AS_NOBODY, process.execPath, '--check', join('dist', 'main.js')]
  return spawnSync(command, args, { env: { PATH: process.env.PATH } }).status === 0
    ? false
    : 'nobody may not read this folder, or not run this Node'
}

function folder (t: TestContext, owner?: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-test-'))
  t.after(() => rmSync(dir, { recursive: true }))
  if (owner !== undefined) chownSync(dir, owner, owner)
  return dir
}

/**
 * Does everything that the program ever does: from the bus to Loki, one refused record as a dead letter, and a stop in
 * order.
 */
async function work (t: TestContext, dir: string, through: readonly string[], look: (run: Program) => void): Promise<void> {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki({ limits: { lineBytes: 1000 } })
  cleanup.add(async () => { await loki.close() })
  const env = {
    LOKEAN_AMQP_URL: bus.url,
    LOKEAN_LOKI_URL: loki.url,
    LOKEAN_ADMIN_ADDR: '127.0.0.1:0',
    LOKEAN_WORKERS: '2',
    LOKEAN_DEAD_LETTER_DIR: dir,
    // Node would write there what a run with coverage gathers.
    NODE_V8_COVERAGE: ''
  }
  const run = new Program(cleanup, ['run'], env, '', { through })
  await run.logged('receiving')
  look(run)
  const sender = await RawSender.connect(bus.port, 'rsyslog/logs')
  cleanup.add(async () => { await sender.close() })
  assert.equal(await sender.send(message([record({ message: 'good' }), record({ message: `bad ${'x'.repeat(2000)}` })])), 'accepted')
  assert.equal((await run.ask('/metrics')).status, 200)
  const [file, ...more] = readdirSync(dir)
  assert.deepEqual(more, [])
  assert.match(readFileSync(join(dir, file), 'utf8'), /"line":"bad x+"/)
  assert.equal(loki.store.streamCount, 1)
  await sender.close()
  const { code, stderr } = await run.stop()
  assert.deepEqual([code, stderr], [0, ''])
}

test('it writes nowhere but to the dead-letter folder', { ...BOUNDED, skip: noStrace() }, async t => {
  const dir = folder(t)
  const trace = join(folder(t), 'trace')
  let pid: number | undefined
  await work(t, dir, traced(trace), run => { pid = run.pid })
  await until(
    'the tracer has seen its end', () => new RegExp(`^${pid} +\\+\\+\\+ exited with 0 \\+\\+\\+$`, 'm').test(readFileSync(trace, 'utf8'))
  )
  const paths = writes(readFileSync(trace, 'utf8'))
  assert.ok(paths.some(path => path.startsWith(`${dir}/dead-letter-`)), 'the dead letter itself was seen')
  assert.deepEqual(paths.filter(path => !path.startsWith(dir) && path !== '/dev/null' && path !== '/dev/tty'), [])
})

const missing = why()
test('it needs no capability: the same as nobody, with none', { ...BOUNDED, skip: missing }, async t => {
  const dir = folder(t, NOBODY)
  chmodSync(dir, 0o700)
  await work(t, dir, AS_NOBODY, ({ pid }) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\\s0+$`, 'm'))
    assert.match(status, /^NoNewPrivs:\s1$/m)
    assert.match(status, new RegExp(`^Uid:(\\s${NOBODY}){4}$`, 'm'))
    assert.match(status, /^Groups:\s*$/m)
  })
})
