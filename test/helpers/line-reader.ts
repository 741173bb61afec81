import { FORMATS } from '../../src/worker/formats/table.ts'
import type { Reading } from '../../src/worker/formats/format.ts'
import { Fields } from '../../src/worker/input/fields.ts'
import { Kernel } from '../../src/worker/kernel/kernel.ts'
import { encoderSettings, fieldTexts, lay, mappings } from './worker-fixtures.ts'

const NAMES = ['level', 'pid', 'request_id', 'global_request_id', 'instance_id']

/** Reads lines with the kernel: each is the only record of a message, and from a file. */
export class LineReader {
  readonly #kernel = new Kernel()
  readonly #fields = new Fields(encoderSettings({ metadata: mappings(NAMES.join()) }), this.#kernel)
  readonly #file = this.#kernel.text('/var/log/x.log')

  /** Bytes around the line belong to others and must make no difference. */
  read (line: string | Uint8Array, before = '', after = ''): { format: string | undefined, read: Reading } {
    const { run } = this.#kernel
    run.nextMessage()
    this.#fields.clear()
    this.#fields.set(this.#fields.slot('file'), this.#file.at, this.#file.at + this.#file.length)
    run.derive(...lay(this.#kernel, line, before, after))
    const { file: _, ...read } = fieldTexts(this.#kernel, this.#fields)
    return { format: FORMATS[run.recognised.value]?.name, read }
  }
}
