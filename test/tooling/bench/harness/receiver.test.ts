import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRig } from '../../../../bench/harness/rig.ts'
import { RECEIVER } from '../../../../bench/suites/bare-receiver.ts'
import { BOUNDED } from '../../../helpers/program.ts'

for (const linger of ['0ms', '100ms']) {
  test(`a bare receiver settles all that comes, with a linger of ${linger}, and stores nothing`, BOUNDED, async t => {
    const rig = await startRig({ recordsPerMessage: 1, hosts: 2, own: true, env: { LOKEAN_LINGER: linger }, program: { main: RECEIVER } })
    t.after(async () => await rig.close())
    await rig.load.start()
    await rig.warmUp(0)
    const { sent, settled } = await rig.load.stop()
    assert.ok(sent >= 2000)
    assert.equal(settled, sent)
    assert.equal((await rig.sink!.counts()).pushes, 0)
  })
}
