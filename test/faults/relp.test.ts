import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { parseExposition } from '../../bench/harness/program/exposition.ts'
import type { Program } from '../helpers/program.ts'
import { scenario } from './scenario.ts'
import { CONNECTIONS } from './site-load.ts'
import { FEW_STREAMS, MARKER, type SiteOptions } from './site.ts'

/** What a program by RELP counts, of its one listener. */
async function counted (program: Program, name: string): Promise<number> {
  const metrics = parseExposition((await program.ask('/metrics')).body)
  return [...metrics].reduce((sum, [series, value]) => series.startsWith(name) ? sum + value : sum, 0)
}

async function untilCounted (program: Program, name: string, least: number): Promise<void> {
  while (await counted(program, name) < least) await pause(5)
}

const WINDOW = 1024
const BY_RELP = { ...FEW_STREAMS, via: 'relp', window: WINDOW } satisfies SiteOptions
const ALL_WINDOWS = CONNECTIONS * WINDOW

scenario('RELP', 'Loki is down, and all senders give their connections up, three times', BY_RELP, async site => {
  const program = site.start()
  site.send()
  await site.settled(0.3)
  site.lokiWire.down()
  const stored = await counted(program, 'lokean_records_stored_total')
  await untilCounted(program, 'lokean_records_received_total', stored + ALL_WINDOWS)
  for (let i = 1; i <= 3; i++) {
    site.relpWire.drop()
    await untilCounted(program, 'lokean_listener_recognised_total', i * ALL_WINDOWS)
  }
  await site.lokiWire.up()
  await site.over()
  await site.settled(1)
  const again = site.loki.stats().duplicates + site.loki.store.countIds(MARKER).repeated
  const pushedAgain = await counted(program, 'lokean_records_resent_total')
  assert.ok(again <= pushedAgain, `${again} came to Loki again, of which Lokean has pushed ${pushedAgain} again`)
})

scenario('RELP', 'connections cut anywhere, ten times', { ...BY_RELP, rate: 25_000 }, async site => {
  site.start()
  site.send()
  await site.again(10, async () => {
    await site.relpWire.cutSent(site.below(300_000))
    await site.over()
  })
})

scenario('RELP', 'SIGKILL, then SIGTERM under load', BY_RELP, async site => {
  let program = site.start()
  site.send()
  for (const [share, signal] of [[0.3, 'SIGKILL'], [0.6, 'SIGTERM']] as const) {
    await site.settled(share)
    const { code, stderr } = await site.stop(program, signal)
    assert.deepEqual({ code, stderr }, { code: signal === 'SIGTERM' ? 0 : null, stderr: '' })
    program = site.start()
    await site.over()
  }
})
