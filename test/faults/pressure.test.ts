import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { BusStats } from '../../src/embedded/bus/bus.ts'
import type { Intercept } from '../../src/embedded/loki/push/fault.ts'
import { message, record } from '../helpers/messages.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { until } from '../helpers/until.ts'
import { wasmMemoryBytes } from '../helpers/wasm-memory.ts'
import { scenario } from './scenario.ts'
import { ADDRESS } from './site-load.ts'
import { FEW_STREAMS } from './site.ts'
import { SPARE_BYTES } from '../../src/worker/renewing-encoder.ts'
import { type Seen, watched } from './watch.ts'

/** The default of LOKEAN_INFLIGHT_BYTES. */
const INFLIGHT = 64 * 2 ** 20
/** The bound on the peak, the program's own size included. */
const MOST_MB = 350

function bounded ({ peakMb, inflightBytes, inflightLimit }: Seen): void {
  assert.equal(inflightLimit, INFLIGHT)
  assert.ok(inflightBytes <= INFLIGHT, `${inflightBytes} bytes were in flight`)
  assert.ok(peakMb <= MOST_MB, `${peakMb} MB were in RAM`)
}

/** A Loki that reads so many compressed bytes a second, one push after the other. */
function slowLoki (bytesPerSecond: number): Intercept {
  let free = 0
  return ({ body }) => {
    const now = performance.now()
    free = Math.max(free, now) + body.length / bytesPerSecond * 1000
    return { kind: 'hang', release: pause(free - now) }
  }
}

// The bus offers some 4,000 records a second, and has more messages under way than the program may take.
scenario('Pressure', 'producers faster than Loki for 60 s', { records: 600_000, window: 250 }, async site => {
  site.fault = slowLoki(400_000)
  const program = site.start()
  site.send()
  const seen = await watched(program, pause(60_000))
  bounded(seen)
  assert.ok(seen.inflightBytes > INFLIGHT * 0.9, `only ${seen.inflightBytes} bytes were ever in flight: it was under no pressure`)
  site.fault = undefined
  await site.over()
  bounded(await watched(program, site.settled(1)))
})

// The number of streams is that of the machines times the programs on each. Loki allows a tenant 5,000 unless told
// otherwise.
scenario('Pressure', '50,000 streams', { records: 600_000, hosts: 3_000 }, async site => {
  const program = site.start()
  site.send()
  bounded(await watched(program, site.settled(1)))
  const { streams } = site.loki.stats()
  assert.ok(streams >= 50_000, `only ${streams} streams`)
})

// A tag with a process number as a label makes a new stream of nearly each syslog record.
scenario('Pressure', 'labels that change with every record, above the limit on streams', { hosts: 20 }, async site => {
  const limit = 1_000
  const program = site.start({ LOKEAN_LABELS: 'cloud,host,source,tag', LOKEAN_MAX_STREAMS: `${limit}` })
  site.send()
  const seen = await watched(program, site.settled(1))
  bounded(seen)
  await program.logged('a tenant has as many streams as LOKEAN_MAX_STREAMS allows: records of others go to quarantine')
  assert.equal(seen.metrics.get('lokean_streams'), limit)
  assert.ok(Number(seen.metrics.get('lokean_records_quarantined_total{reason="too_many_streams"}')) > 10_000)
  // Each address has one quarantine stream for each reason, which Loki divides where it is fast.
  const quarantined = site.loki.store.streams('fake').filter(stream => stream.quarantine)
  const whole = new Set(quarantined.map(stream => stream.text.replace(/__stream_shard__="\d+", /, '')))
  assert.deepEqual([...whole], ['{quarantine="too_many_streams", service_name="unknown_service", source="lokean"}'])
  assert.equal(site.loki.stats().streams, limit + quarantined.length)
})

const MANY = Array.from({ length: 64 }, (_, i) => `rsyslog/${i}`)
const LARGE_MESSAGES = { hosts: 64, addresses: MANY, recordsPerMessage: 2_400, records: 400_000, tenants: ['blocked', 'good'] }

// A message is 1.3 MB: more than an equal share of the budget. rsyslog sends such with a large batch.
scenario('Pressure', '64 addresses with messages of 1.3 MB, one of them blocked by Loki', LARGE_MESSAGES, async site => {
  site.fault = ({ tenant }) => tenant === 'blocked' ? { kind: 'answer', status: 401, text: 'no\n' } : undefined
  const [blocked] = MANY.slice(1)
  site.start({
    LOKEAN_AMQP_ADDRESSES: MANY.map(address => `${address};tenant=${address === blocked ? 'blocked' : 'good'}`).join(',')
  })
  site.send()
  const accepted = (stats: BusStats): number => MANY.reduce((sum, address) => sum + (stats[address]?.accepted ?? 0), 0)
  await site.bus.until(stats => accepted(stats) >= 130 && (stats[blocked]?.unsettled ?? 0) > 0)
  assert.equal(site.bus.stats()[blocked].accepted, 0, 'it is still blocked')
  site.fault = undefined
  await site.settled(1)
})

/** Makes a message of a little more than 60 MiB, in records of 60 KiB. */
function giant (number: number): Buffer {
  const text = 'x'.repeat(60 * 1024)
  return message(Array.from({ length: 1024 }, (_, i) => record({ host: `giant-${number}`, message: `${i} ${text}` })))
}

// The embedded bus lets 64 MiB wait for a reader: one giant, and the few ordinary messages that this window allows.
scenario('Pressure', 'messages of 60 MiB among the others', { ...FEW_STREAMS, rate: 20_000, window: 4 }, async site => {
  const { pid } = site.start({ LOKEAN_INFLIGHT_BYTES: '128MiB' })
  site.send()
  await site.settled(0.1)
  const most = wasmMemoryBytes(pid) + SPARE_BYTES
  const sender = await RawSender.connect(site.bus.port, ADDRESS)
  site.cleanup.add(async () => { await sender.close() })
  for (let i = 0; i < 2; i++) {
    await sender.deliver(giant(i))
    await until(`the worker keeps no more than ${SPARE_BYTES} bytes of it`, () => wasmMemoryBytes(pid) <= most)
  }
  await site.settled(1)
})
