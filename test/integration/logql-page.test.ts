import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AskLoki, type Found } from '../helpers/ask-loki.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { isMetric, questions } from '../project/logql.ts'

const REQUEST = 'req-5d3f0c1e-3f6a-4ac5-8c5c-0c6c4a6f9b57'
const INSTANCE = '8c5c0c6c-3f6a-4ac5-8c5c-0c6c4a6f9b57'
const NOW = Date.now()
const HOUR = 3_600_000

const oslo = (level: string, text: string): string => `2026-11-22 08:00:01.234 7 ${level} nova.compute.manager [None ${REQUEST} u p - - - -] ${text}`

/** What the questions ask about, beside what none of them may find. */
const RECORDS = [
  { message: oslo('ERROR', `[instance: ${INSTANCE}] no disk`) },
  { host: 'controller-0', source: 'nova-scheduler', message: `2026-11-22 08:00:01.234 9 INFO nova.scheduler [-] chose a host for ${INSTANCE}` },
  { message: 'Traceback (most recent call last):\n  File "a.py", line 1' },
  { source: 'sudo', message: 'stack : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id' },
  { source: 'sudo', message: 'pam_unix(sudo:session): session closed for user root' },
  { cloud: 'cloud2', message: oslo('ERROR', 'elsewhere') },
  { host: 'compute-9', message: oslo('INFO', 'the last word'), '@timestamp': new Date(NOW - HOUR / 2).toISOString() }
].map(one => ({ cloud: 'cloud1', host: 'compute-0', source: 'nova-compute', '@timestamp': new Date(NOW).toISOString(), ...one }))

/** The answers, as the lines' beginnings or as series by their label. */
const ANSWERS: Record<string, (found: Found[]) => void> = {
  'What goes wrong on a host?': lines('2026-11-22 08:00:01.234 7 ERROR', 'Traceback'),
  'Where did a request go?': lines('2026-11-22 08:00:01.234 7 ERROR', '2026-11-22 08:00:01.234 7 INFO'),
  'What happened to an instance?': lines('2026-11-22 08:00:01.234 7 ERROR', '2026-11-22 08:00:01.234 9 INFO'),
  'Who used sudo, and for what?': lines('stack : TTY'),
  'Which services say most?': series('service_name', 'nova-compute', 'nova-scheduler', 'sudo'),
  'What failed, with its traceback?': lines('Traceback'),
  'Which cloud has more errors?': series('cloud', 'cloud1', 'cloud2'),
  'What went to quarantine, and why?': series('quarantine', 'invalid_json'),
  'Which hosts have fallen silent?': series('host', 'compute-9'),
  'Which sources fill the disk?': series('source', 'nova-compute', 'nova-scheduler', 'sudo')
}

function lines (...beginnings: string[]): (found: Found[]) => void {
  return found => {
    const all = found.flatMap(({ values }) => values.map(([, line]) => line)).sort()
    assert.equal(all.length, beginnings.length, JSON.stringify(all))
    for (const [at, beginning] of [...beginnings].sort().entries()) assert.ok(all[at].startsWith(beginning), all[at])
  }
}

function series (label: string, ...values: string[]): (found: Found[]) => void {
  return found => { assert.deepEqual(found.map(({ labels }) => labels[label]).sort(), values) }
}

test('each query of the page answers its question', async t => {
  const stack = await Stack.start(t)
  const sender = await stack.sender()
  assert.equal(await sender.send(message([...RECORDS.map(record), 'no JSON\n'])), 'accepted')
  const [from, to] = [Math.floor(NOW / 1000) - 3_600, Math.ceil(Date.now() / 1000) + 1]
  const loki = new AskLoki(stack.loki.url, from, to)
  assert.deepEqual(questions().map(({ title }) => title), Object.keys(ANSWERS))
  for (const { title, query } of questions()) {
    const found = isMetric(query) ? await new AskLoki(stack.loki.url, to, to).range(query) : await loki.range(query)
    try {
      ANSWERS[title](found)
    } catch (error) {
      throw new Error(`${title} ${query}: ${JSON.stringify(found)}`, { cause: error })
    }
  }
})
