import { createRequire } from 'node:module'
import { checkFrame } from './frame-check.ts'

/** The parts of rhea that are needed and that it does not export; its version is pinned, and this is all that is taken. */
const require = createRequire(import.meta.url)

interface Frames {
  disposition (fields: object): object
  read_frame (bytes: Buffer): object
}

/** Makers of AMQP performatives (spec 2.7), and the reader of frames, which all of rhea's connections share. */
export const frames: Frames = require('rhea/lib/frames.js')

/** Makers of outcomes (spec 3.4), in their described form. */
export const message: { accepted (): { described (): unknown } } = require('rhea/lib/message.js')

const readFrame = frames.read_frame
frames.read_frame = bytes => {
  checkFrame(bytes)
  return readFrame(bytes)
}
