import { startBus } from '../../src/embedded/bus/bus.ts'
import { serve } from '../harness/child.ts'

export type BusMethods = {
  /** Returns the URL. */
  listen: () => Promise<string>
}

/** The embedded bus in a process of its own. All receivers share one address, as at a router. */
const methods: BusMethods = {
  listen: async () => (await startBus()).url
}
serve(methods)
