import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { parseEnv } from 'node:util'
import { parseCommand } from '../../../src/cli/arguments.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { valuesOf } from '../../helpers/systemd-unit.ts'

const FOLDER = 'deploy/systemd'
const settings = parseEnv(readFileSync(`${FOLDER}/lokean.env`, 'utf8'))

test('the unit runs the program with its file of settings', () => {
  const [line, ...more] = valuesOf('ExecStart')
  const [node, dashes, script, ...args] = line.split(' ')
  assert.deepEqual([node, dashes, more], ['/usr/bin/node', '--', []])
  const { name, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string, bin: Record<string, string> }
  assert.equal(script, `/usr/lib/node_modules/${name}/${bin.lokean}`)
  assert.deepEqual(parseCommand(args), { command: 'run', envFile: '/etc/lokean/lokean.env' })
})

test('the program takes the settings: what it reads and writes is where the unit has it, and a stop has its time', () => {
  const read: string[] = []
  const { config, warnings } = loadConfig(settings, {
    readFile: path => {
      read.push(path)
      return path.endsWith('.crt') ? rootCertificates[0] : 'secret'
    }
  })
  assert.deepEqual(warnings, [])
  const [[id, folder]] = valuesOf('LoadCredential').map(value => value.split(':'))
  assert.ok(folder.startsWith('/etc/lokean/'))
  const loaded = `/run/credentials/lokean.service/${id}_`
  assert.ok(read.some(path => path.startsWith(loaded)))
  // Whatever else is read lies where its owner renews it.
  for (const path of read) assert.ok(path.startsWith(loaded) || (path.startsWith('/etc/lokean/') && !path.startsWith(folder)), path)
  assert.ok(config.deadLetter.dir?.startsWith(`/var/lib/${valuesOf('StateDirectory')[0]}/`))
  const [stop] = valuesOf('TimeoutStopSec')
  assert.ok(Number(/^(\d+)s$/.exec(stop)?.[1]) * 1000 >= config.drainTimeoutMs + 5_000)
})
