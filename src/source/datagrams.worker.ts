/** Entry of the thread that reads datagrams. A thread of its own, because that is the one way to stop reading that Node has: not to come back to the event loop. */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { DATAGRAM_COST, type DatagramReport, type DatagramSetup, MAX_DATAGRAM, MESSAGE_COST } from './datagram-thread.ts'

const { host, port, receiveBuffer, limit, returned } = workerData as DatagramSetup
const RETURNED = new Int32Array(returned)
/** A message goes out when it has gathered this much, or when nothing more has come within a turn of the event loop. */
const MESSAGE_BYTES = 256 * 1024
/** Sections and list in front of the records: amqp-value, list32. */
const HEAD = 12
/** A record's: str32 and its length. */
const RECORD_HEAD = 5

let taken = 0
let records: Uint8Array[] = []
let bytes = 0
let flushing = false
/** Once told to stop: what may still be read, so that a sender that does not stop is no reason not to. */
let remaining: number | undefined
let sinceLastTurn = 0

/**
 * Waits, with the whole thread, until there is room for the largest datagram and the message it may open. Meanwhile the kernel keeps
 * what comes, as much as its buffer holds, and counts what it drops.
 */
function waitForRoom (): void {
  for (;;) {
    const before = Atomics.load(RETURNED, 0)
    if (limit - ((taken - before) | 0) >= MAX_DATAGRAM + DATAGRAM_COST + MESSAGE_COST) return
    flush()
    Atomics.wait(RETURNED, 0, before)
  }
}

function report (what: DatagramReport, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(what, transfer)
}

/** As omamqp1 would have sent them: one AMQP message, a list of strings. */
function flush (): void {
  if (records.length === 0) return
  const message = Buffer.from(new ArrayBuffer(HEAD + bytes + RECORD_HEAD * records.length))
  message.set([0x00, 0x53, 0x77, 0xd0])
  message.writeUInt32BE(message.length - HEAD + 4, 4)
  message.writeUInt32BE(records.length, 8)
  let at = HEAD
  for (const record of records) {
    message[at] = 0xb1
    message.writeUInt32BE(record.length, at + 1)
    message.set(record, at + RECORD_HEAD)
    at += RECORD_HEAD + record.length
  }
  report({ kind: 'message', message, cost: MESSAGE_COST + bytes + DATAGRAM_COST * records.length }, [message.buffer as ArrayBuffer])
  records = []
  bytes = 0
}

function take (record: Uint8Array): void {
  taken = (taken + record.length + DATAGRAM_COST + (records.length === 0 ? MESSAGE_COST : 0)) | 0
  records.push(record)
  bytes += record.length
  sinceLastTurn += record.length + 1
  if (bytes >= MESSAGE_BYTES) flush()
  if (!flushing) {
    flushing = true
    setImmediate(() => {
      flushing = false
      flush()
    })
  }
  waitForRoom()
}

const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: receiveBuffer })
socket.on('message', take)
socket.on('error', (error: NodeJS.ErrnoException) => {
  report({ kind: 'failed', code: error.code ?? '', text: error.message })
  socket.close()
  parentPort?.close()
})
socket.bind({ address: host, port }, () => {
  const { address, port, family } = socket.address()
  report({ kind: 'listening', address, port, family, receiveBuffer: socket.getRecvBufferSize() })
  waitForRoom()
})

/** What the kernel holds already was sent before the stop: it is read until there is nothing more, or as much as it can have held. */
function finish (): void {
  remaining = (remaining ?? receiveBuffer) - sinceLastTurn
  const quiet = sinceLastTurn === 0
  sinceLastTurn = 0
  if (!quiet && remaining > 0) {
    setImmediate(finish)
    return
  }
  flush()
  report({ kind: 'stopped' })
  socket.close()
  parentPort?.close()
}

parentPort?.once('message', () => {
  sinceLastTurn = 0
  // A turn of the event loop that reads, before the first that may find it quiet.
  setImmediate(() => setImmediate(finish))
})
