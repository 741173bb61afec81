import { syncBuiltinESMExports } from 'node:module'
import { mock, type TestContext } from 'node:test'

/**
 * Mocks setTimeout, also that of `node:timers/promises`. An imported name of a built-in module is bound to the module's
 * export, so the mock has to be synchronised, and again at its end.
 */
export function mockPauses (t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  syncBuiltinESMExports()
  t.after(() => {
    mock.timers.reset()
    syncBuiltinESMExports()
  })
}
