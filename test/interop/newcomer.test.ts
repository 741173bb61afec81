import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { needs } from './needs.ts'
import { folder, freePorts, PeerProcess } from './peer-process.ts'
import { RSYSLOGD } from './rsyslog-daemon.ts'
import { OMRELP } from './rsyslog-sender.ts'

const bash = async (command: string): Promise<string> => (await promisify(execFile)('bash', ['-c', command])).stdout
const HOME = { HOME: process.env.HOME ?? '/', TZ: 'UTC' }
const NEEDED = needs({ what: 'rsyslog', probe: ['test', '-x', RSYSLOGD] }, OMRELP, 'curl', 'logger', 'npm')

/** The five commands of the page, as they stand there. */
function commands (): string[] {
  const [, walk] = readFileSync('deploy/README.md', 'utf8').split('## One day as a newcomer\n')
  return [...walk.split('\n## ')[0].matchAll(/^```sh\n([^]*?)\n```$/gm)].map(([, text]) => text)
}

/** Takes what the page has out of the command; it must be there. */
function instead (command: string, ...swaps: ReadonlyArray<readonly [string, string]>): string {
  return swaps.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `${text} has ${from}`)
    return text.replaceAll(from, to)
  }, command)
}

test('a newcomer\'s five commands lead from the demo to a line of this machine', { ...NEEDED, timeout: 120_000 }, async t => {
  const [demo, keep, start, send, ask, ...more] = commands()
  assert.deepEqual(more, [])
  const few = ' --records 500'
  const report = await bash(`${instead(demo, ['npm ci && ', ''])} --${few}`)
  assert.match(report, /^ +missing {5}0\n +duplicates {2}0$/m)

  const loki = await PeerProcess.start(t, 'bash', ['-c', keep + few], { env: HOME, ready: /^Loki: http:\S+:\d+ /m })
  const [, url] = /^Loki: (http:\S+)/m.exec(loki.output) ?? assert.fail(loki.output)
  const [port] = await freePorts(1)
  const own = instead(start, [':2514', `:${port}`], ['http://127.0.0.1:3100', url])
  await PeerProcess.start(t, 'bash', ['-c', own], { env: { ...HOME, LOKEAN_ADMIN_ADDR: '127.0.0.1:0' }, ready: /"lokean is up"/ })

  const home = folder(t)
  const socket = join(home, 'socket')
  const [, conf, , log] = /<< 'END'\n([^]*?)\nEND\n(.*restart rsyslog && )(.*)$/.exec(send) ?? assert.fail(send)
  writeFileSync(join(home, 'rsyslog.conf'), `module(load="imuxsock" SysSock.Use="off")
    input(type="imuxsock" Socket="${socket}")
    ${instead(conf, ['port="2514"', `port="${port}"`])}
  `)
  await PeerProcess.start(t, RSYSLOGD, ['-n', '-f', join(home, 'rsyslog.conf'), '-i', join(home, 'pid')], { env: HOME })
  while (!await bash(`test -S ${socket}`).then(() => true, () => false));
  await bash(instead(log, ['logger ', `logger --socket ${socket} `]))

  let answer = ''
  while (!answer.includes('a line of mine')) answer = await bash(instead(ask, ['http://127.0.0.1:3100', url]))
  assert.match(answer, /"source":"mine"/)
})
