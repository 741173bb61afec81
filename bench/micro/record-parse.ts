import { isUtf8 } from 'node:buffer'
import { Fields } from '../../src/worker/input/fields.ts'
import { Kernel, SCAN } from '../../src/worker/kernel/kernel.ts'
import { parseRecord } from '../../src/worker/input/record-parse.ts'
import type { MicroResult } from '../outcome/results.ts'
import { ByteLoop } from './byte-loop.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { RECORDS_A_MESSAGE, SETTINGS, sampleMessages } from './sample.ts'

/**
 * Compares ways from the bytes of rsyslog's records to their fields. The next step needs the fields as unescaped bytes.
 * The kernel and the loop in TypeScript leave them so in memory. JSON.parse makes an object of strings; it is shown
 * with and without writing the values back. Each alternative that removes escapes in place also pays for the copy of
 * the message that it changes.
 *
 * The kernel was chosen. It passes 16 bytes at a step. The keys are the same in each record, and it skips each one with
 * one comparison.
 */
export async function recordParse (effort: Effort): Promise<MicroResult[]> {
  const messages = sampleMessages()
  const kernel = new Kernel()
  const fields = new Fields(SETTINGS, kernel)
  const largest = Math.max(...messages.map(({ bytes }) => bytes.length))
  const behind = kernel.window(largest)
  kernel.reserve(behind + largest)
  const loop = new ByteLoop(fields)
  const copy = Buffer.allocUnsafeSlow(largest)

  const scanned = (look?: Look): void => {
    for (const { bytes, starts, ends } of messages) {
      const shift = kernel.input(bytes)
      for (let i = 0; i < starts.length; i++) {
        const result = kernel.run.scan(shift + starts[i], shift + ends[i])
        if (result !== SCAN.TAKEN && (result === SCAN.LEFT || !isUtf8(bytes.subarray(starts[i], ends[i])))) {
          throw new Error('the scanner left a record')
        }
        look?.(ofKernel(fields, kernel))
      }
    }
  }
  const parsed = (look?: Look): number => {
    let keys = 0
    for (const { bytes, starts, ends } of messages) {
      for (let i = 0; i < starts.length; i++) {
        const record = JSON.parse(bytes.toString('utf8', starts[i], ends[i])) as Record<string, string>
        keys += record.message.length
        look?.(fields.names.map(name => record[name] ?? ''))
      }
    }
    return keys
  }
  const parsedBack = (look?: Look): void => {
    for (const { bytes, starts, ends } of messages) {
      let at = behind
      const place = (value: Uint8Array): number => {
        const start = at
        kernel.bytes.set(value, start)
        at += value.length
        return start
      }
      for (let i = 0; i < starts.length; i++) {
        if (parseRecord(bytes.toString('utf8', starts[i], ends[i]), fields, place) !== undefined) throw new Error('a record was not parsed')
        look?.(ofKernel(fields, kernel))
      }
    }
  }
  const looped = (look?: Look): void => {
    for (const { bytes, starts, ends } of messages) {
      copy.set(bytes)
      for (let i = 0; i < starts.length; i++) {
        if (!loop.scan(copy, starts[i], ends[i]) || (loop.beyond !== 0 && !isUtf8(bytes.subarray(starts[i], ends[i])))) {
          throw new Error('the loop left a record')
        }
        look?.(fields.names.map((_, slot) => copy.toString('utf8', loop.from[slot], loop.to[slot])))
      }
    }
  }
  return [await compare({
    question: 'record to fields',
    unit: 'µs a record',
    per: messages.length * RECORDS_A_MESSAGE,
    alternatives: [
      { name: 'kernel: WebAssembly, 16 bytes at a step', chosen: true, run: scanned },
      { name: 'TypeScript, a byte at a step', run: looped },
      { name: 'UTF-8 to a string, JSON.parse', run: parsed },
      { name: 'the same, values written back as bytes', run: parsedBack }
    ]
  }, effort)]
}

function ofKernel (fields: Fields, kernel: Kernel): string[] {
  return fields.names.map((_, slot) => kernel.bytes.toString('utf8', fields.start(slot), fields.end(slot)))
}
