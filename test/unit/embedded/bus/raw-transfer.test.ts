import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Connection, Sender } from 'rhea'
import { startBus } from '../../../../src/embedded/bus/bus.ts'
import { connectClient, openReceiver, openSender } from './client.ts'

const fixture = (name: string) => readFileSync(join('test', 'fixtures', 'omamqp1', name))

test('captured messages, bytes that are not UTF-8 among them, arrive as they were sent', async t => {
  const bus = await startBus()
  t.after(() => bus.close())
  const names = ['omamqp1-01.bin', 'omamqp1-14.bin', 'omamqp1-16.bin', 'omamqp1-26.bin']
  const { taken, until } = await openReceiver(await connectClient(t, bus.port, { max_frame_size: 65_536 }), 'a', 10)
  const { sender } = await openSender(await connectClient(t, bus.port), 'a')
  for (const name of names) sender.send(fixture(name), undefined, 0)
  await until(names.length)
  assert.deepEqual(
    taken.map(({ message }) => message.equals(fixture(names[taken.findIndex(one => one.message === message)]))), names.map(() => true)
  )
  assert.deepEqual(taken.map(({ format }) => format), [0, 0, 0, 0])
})

test('an aborted delivery is not delivered, and the next one is whole', async t => {
  const bus = await startBus()
  t.after(() => bus.close())
  const { taken, until } = await openReceiver(await connectClient(t, bus.port), 'a', 10)
  const connection = await connectClient(t, bus.port)
  const { sender } = await openSender(connection, 'a')
  writeTransfer(connection, sender, 0, Buffer.from('begun'), { more: true })
  writeTransfer(connection, sender, 0, Buffer.alloc(0), { aborted: true })
  writeTransfer(connection, sender, 1, Buffer.from('whole'), {})
  await until(1)
  assert.deepEqual(taken.map(({ message }) => message.toString()), ['whole'])
  assert.equal(bus.stats().a?.received, 1)
  assert.deepEqual(bus.errors, [])
})

test('a message sent settled is passed on settled', async t => {
  const bus = await startBus()
  t.after(() => bus.close())
  const { taken, until } = await openReceiver(await connectClient(t, bus.port), 'a', 10)
  const connection = await connectClient(t, bus.port)
  const sender = connection.open_sender({ target: { address: 'a' }, snd_settle_mode: 1 })
  await once(sender, 'sendable')
  sender.send(Buffer.from('x'), undefined, 0)
  await until(1)
  assert.equal(taken[0].delivery.remote_settled, true)
  assert.equal(bus.stats().a?.unsettled, 0)
})

/** Writes a transfer frame by hand (AMQP 1.0, 2.7.5) that rhea would not write. */
function writeTransfer (
  connection: Connection, sender: Sender, id: number, payload: Buffer, flags: { more?: boolean, aborted?: boolean }
): void {
  const bool = (value = false) => value ? 0x41 : 0x42
  const { local } = sender as unknown as { local: { handle: number } }
  const fields = Buffer.from([
    0x52, local.handle, 0x52, id, 0xa0, 1, id, 0x43, 0x42, bool(flags.more), 0x40, 0x40, 0x42, bool(flags.aborted)
  ])
  const { channel } = (sender.session as unknown as { local: { channel: number } }).local
  const head = Buffer.from([0, 0, 0, 0, 2, 0, 0, channel, 0, 0x53, 0x14, 0xc0, fields.length + 1, 10])
  const frame = Buffer.concat([head, fields, payload])
  frame.writeUInt32BE(frame.length, 0)
  ;(connection as unknown as { socket: { write (bytes: Buffer): void } }).socket.write(frame)
}
