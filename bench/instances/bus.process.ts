import { startBus } from '../../src/embedded/bus/bus.ts'
import { serve } from '../harness/child.ts'

export type BusMethods = {
  /** Its URL. */
  listen: () => Promise<string>
}

/** The embedded bus in a process of its own: one address, shared by all who attach, as a router does it. */
const methods: BusMethods = {
  listen: async () => (await startBus()).url
}
serve(methods)
