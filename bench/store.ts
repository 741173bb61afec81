/**
 * What the store at the other end takes: autocannon pushes one prepared body at `LOKEAN_LOKI_URL`, or at the embedded Loki, over 1 to 16
 * connections. Where `demo` or `run` come near this, it is the store that has to be scaled. `npm run bench`
 */
import autocannon from 'autocannon'
import { loadConfig } from '../src/config/load.ts'
import { createGenerator } from '../src/demo/generator/generator.ts'
import { startLokiThread } from '../src/demo/loki/thread.ts'
import { encoderSettings } from '../src/pipeline.ts'
import { Encoder } from '../src/worker/encoder.ts'

const SECONDS = 3

const { config, given } = loadConfig(process.env)
const embedded = given.has('LOKEAN_LOKI_URL') ? undefined : await startLokiThread({ limits: { rateBytes: Infinity, burstBytes: Infinity, streams: Infinity } })
const url = `${embedded?.url ?? config.loki.urls[0]}/loki/api/v1/push`

const message = createGenerator({ hosts: 1, seed: 1, recordsPerMessage: 2000 }).next().message
const bytes = new SharedArrayBuffer(message.length)
Buffer.from(bytes).set(message)
const task = { bytes, ends: Uint32Array.of(message.length), arrivalSeconds: Math.floor(Date.now() / 1000), arrivalNanos: 0 }
// Twice: the first time every stream is new, and has a part of its own.
const encoder = new Encoder({ ...encoderSettings(config), shards: 1 })
encoder.encode(task)
const { parts: [part] } = encoder.encode({ ...task, arrivalNanos: 1_000_000 })

console.log(`${part.records} records a push (${part.body.length} bytes of ${part.rawBytes}) to ${url}, ${SECONDS} s each; after the first they repeat what is stored`)
for (const connections of [1, 2, 4, 8, 16]) {
  const { requests, latency, non2xx, errors } = await autocannon({
    url, connections, duration: SECONDS, method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: Buffer.from(part.body)
  })
  const rate = Math.round(requests.average * part.records).toLocaleString('en')
  console.log(`${String(connections).padStart(3)} connections: ${rate} records/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms${non2xx + errors === 0 ? '' : `, ${non2xx} refused, ${errors} failed`}`)
}
await embedded?.close()
