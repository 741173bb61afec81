import { syncBuiltinESMExports } from 'node:module'
import { mock, type TestContext } from 'node:test'

/**
 * Puts setTimeout, the one of `node:timers/promises` included, into the hands of the test. Names imported from a built-in module are
 * bound to what it exports, so the exchange has to be made known to them, and taken back.
 */
export function mockPauses (t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  syncBuiltinESMExports()
  t.after(() => {
    mock.timers.reset()
    syncBuiltinESMExports()
  })
}
