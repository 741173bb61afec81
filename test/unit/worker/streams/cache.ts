import assert from 'node:assert/strict'
import type { EncoderSettings } from '../../../../src/worker/messages/settings.ts'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import { type NoStreamReason, StreamCache } from '../../../../src/worker/streams/streams.ts'
import { parseSelector } from '../../../helpers/selector.ts'
import { encoderSettings, lay, mappings } from '../../../helpers/worker-fixtures.ts'

/** A cache of streams with the kernel that it reads from. */
export class Cache {
  readonly #kernel = new Kernel()
  readonly #fields: Fields
  readonly streams: StreamCache

  constructor (overrides: Partial<EncoderSettings> = {}, maxKeyBytes?: number) {
    const settings = encoderSettings({ labels: mappings('cloud,rack,app=program'), ...overrides })
    this.#fields = new Fields(settings, this.#kernel)
    this.streams = new StreamCache(settings, this.#fields, this.#kernel, maxKeyBytes)
  }

  /**
   * Finds the stream of a record with these fields. In the kernel's memory each value lies behind `padding` and before
   * `behind`.
   */
  find (values: Record<string, string>, padding = 'before', behind = '~'): Stream | NoStreamReason {
    const texts = Object.entries(values).map(([name, value]) => ({ slot: this.#fields.slot(name), value: Buffer.from(value) }))
    let [at] = lay(this.#kernel, Buffer.concat(texts.flatMap(({ value }) => [Buffer.from(padding), value, Buffer.from(behind)])))
    this.#fields.clear()
    for (const { slot, value } of texts) {
      at += Buffer.byteLength(padding)
      this.#fields.set(slot, at, at + value.length)
      at += value.length + Buffer.byteLength(behind)
    }
    return this.streams.find()
  }

  /**
   * Finds the streams of so many racks, `host0` and on, which lie one behind the other. The look-ups are its only cost.
   */
  findRacks (rack: string, count: number): void {
    const racks = Array.from({ length: count }, (_, i) => `${rack}${i}`)
    const slot = this.#fields.slot('rack')
    let [at] = lay(this.#kernel, racks.join(''))
    for (const { length } of racks) {
      this.#fields.clear()
      this.#fields.set(slot, at, at += length)
      this.streams.find()
    }
  }

  stream (values: Record<string, string>, padding?: string, behind?: string): Stream {
    const stream = this.find(values, padding, behind)
    assert.ok(stream instanceof Stream, String(stream))
    return stream
  }
}

export const labelsOf = (stream: Stream): Record<string, string> => parseSelector(Buffer.from(stream.labels).toString())
