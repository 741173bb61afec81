import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/**
 * Is preloaded into a program (NODE_OPTIONS=--import). SIGUSR2 sets the program's clock back by an hour; the next one
 * sets it forward again. Each writes the offset in hours to `CLOCK_FILE`.
 */
const HOUR = 3_600_000
const RealDate = Date
let hours = 0

class SetDate extends RealDate {
  constructor (...args: unknown[]) {
    if (args.length === 0) super(SetDate.now())
    else super(...args as [number])
  }

  static override now (): number {
    return RealDate.now() + hours * HOUR
  }
}

if (isMainThread && process.env.CLOCK_FILE !== undefined) {
  globalThis.Date = SetDate as DateConstructor
  process.on('SIGUSR2', () => {
    hours = hours === 0 ? -1 : 0
    writeFileSync(process.env.CLOCK_FILE as string, String(hours))
  })
}
