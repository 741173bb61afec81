/**
 * What a worker costs a record, against the plain way in the same run on the same records: decode UTF-8, JSON.parse, compress by snappy.
 * Machines differ and are shared, so the ratio is what counts. `npm run bench`
 */
import { cpus } from 'node:os'
import snappy from 'snappy'
import { loadConfig } from '../src/config/load.ts'
import { createGenerator } from '../src/demo/generator/generator.ts'
import { encoderSettings } from '../src/pipeline.ts'
import type { EncodeTask } from '../src/types.ts'
import { Encoder } from '../src/worker/encoder.ts'

const BATCHES = 10
const RECORDS = 2000
const ROUNDS = 15
const WARM_UP = 4

interface Sample { task: EncodeTask, messages: Buffer[], all: Buffer }

function sample (recordsPerMessage: number): Sample[] {
  const generator = createGenerator({ hosts: 100, seed: 1, recordsPerMessage })
  return Array.from({ length: BATCHES }, () => {
    const messages = Array.from({ length: RECORDS / recordsPerMessage }, () => Buffer.from(generator.next().message))
    const all = Buffer.concat(messages)
    const bytes = new SharedArrayBuffer(all.length)
    Buffer.from(bytes).set(all)
    let end = 0
    const ends = Uint32Array.from(messages, message => (end += message.length))
    return { task: { bytes, ends, arrivalSeconds: Math.floor(Date.now() / 1000), arrivalNanos: 0 }, messages, all }
  })
}

/** CPU microseconds a record of each round, the warm-up left out. */
function time (work: () => void): number[] {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    if (round >= WARM_UP) rounds.push((user + system) / (BATCHES * RECORDS))
  }
  return rounds.sort((a, b) => a - b)
}

/** The plain way: every string of the message's list, one after the other. */
function plain ({ messages, all }: Sample): void {
  for (const message of messages) {
    for (let at = 20; at < message.length;) {
      const wide = message[at] === 0xb1
      const start = at + (wide ? 5 : 2)
      at = start + (wide ? message.readUInt32BE(at + 1) : message[at + 1])
      JSON.parse(message.toString('utf8', start, at))
    }
  }
  snappy.compressSync(all, { copyOutputData: true })
}

const median = (sorted: number[]): number => sorted[Math.floor(sorted.length / 2)]
const show = (sorted: number[]): string => `${median(sorted).toFixed(2)} (${sorted[0].toFixed(2)} to ${sorted[sorted.length - 1].toFixed(2)})`

console.log(`${cpus()[0]?.model ?? 'unknown CPU'} x ${cpus().length}, Node ${process.version}; CPU microseconds a record, median (min to max)`)
for (const recordsPerMessage of [1, 10, 100]) {
  const samples = sample(recordsPerMessage)
  const encoder = new Encoder(encoderSettings(loadConfig({}).config))
  let arrivals = 0
  const encode = time(() => { for (const { task } of samples) encoder.encode({ ...task, arrivalNanos: arrivals++ * 1000 }) })
  const floor = time(() => { for (const one of samples) plain(one) })
  console.log(`${String(recordsPerMessage).padStart(4)} records a message: encoder ${show(encode)}, the plain way ${show(floor)}, ratio ${(median(encode) / median(floor)).toFixed(2)}`)
}
