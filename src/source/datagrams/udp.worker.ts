/** Entry of the thread that reads datagrams. A thread of its own, because that is the one way to stop reading that Node has: not to come back to the event loop. */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { DATAGRAM_COST, DatagramMessage, MAX_DATAGRAM, MESSAGE_COST } from './message.ts'
import type { DatagramReport, DatagramSetup } from './udp-thread.ts'

const { host, port, receiveBuffer, limit, returned } = workerData as DatagramSetup
const RETURNED = new Int32Array(returned)
let taken = 0
/** It goes out when it is full, or when nothing more has come within a turn of the event loop. */
const gathered = new DatagramMessage()
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

function flush (): void {
  if (gathered.empty) return
  const { message, cost } = gathered.take()
  report({ kind: 'message', message, cost }, [message.buffer as ArrayBuffer])
}

function take (record: Uint8Array): void {
  const before = gathered.cost
  gathered.add(record)
  taken = (taken + gathered.cost - before) | 0
  sinceLastTurn += record.length + 1
  if (gathered.full) flush()
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
