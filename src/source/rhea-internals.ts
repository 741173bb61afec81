import { createRequire } from 'node:module'

/** The two parts of rhea that Incoming needs and rhea does not export; its version is pinned, and this is all that is taken. */
const require = createRequire(import.meta.url)

/** Makers of AMQP performatives (spec 2.7). */
export const frames: { disposition (fields: object): object } = require('rhea/lib/frames.js')

/** Makers of outcomes (spec 3.4), in their described form. */
export const message: { accepted (): { described (): unknown } } = require('rhea/lib/message.js')
