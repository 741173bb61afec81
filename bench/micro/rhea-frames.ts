import { createRequire } from 'node:module'

interface Performative { delivery_id: number | null, more: boolean | null, first: number, last: number | null }

/** rhea's reader and writer of frames, which rhea does not export. */
export const rheaFrames = createRequire(import.meta.url)('rhea/lib/frames.js') as {
  read_frame (bytes: Buffer): { performative: Performative, payload: Buffer }
  write_frame (frame: object): Buffer
  amqp_frame (channel: number, performative: object): object
}
