/**
 * Entry of the thread that reads a UDP socket. Node has no other way to stop reading than a thread that does not return
 * to its event loop.
 */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { DatagramMessage, NEXT_DATAGRAM_COST } from './message.ts'
import type { DatagramReport, DatagramSetup } from './udp-messages.ts'

const { host, port, receiveBuffer, granted } = workerData as DatagramSetup
const GRANTED = new Int32Array(granted)
let leased = 0
/** The message goes out when it is full, or when a turn of the event loop has passed. */
const gathered = new DatagramMessage()
let flushing = false
/**
 * Set when the thread is told to stop: the bytes that it may still read. So a sender that goes on does not keep it from
 * stopping.
 */
let remaining: number | undefined
let sinceLastTurn = 0

/**
 * Blocks the whole thread until the budget has room for the largest datagram and for a new message. Meanwhile the
 * kernel keeps datagrams as far as its buffer holds them, and counts those that it drops.
 */
function waitForRoom (): void {
  for (;;) {
    const seen = Atomics.load(GRANTED, 0)
    if (((seen - leased) | 0) >= NEXT_DATAGRAM_COST) return
    flush()
    Atomics.wait(GRANTED, 0, seen)
  }
}

function report (what: DatagramReport, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(what, transfer)
}

function flush (): void {
  if (gathered.empty) return
  const { message, cost } = gathered.take()
  report({ kind: 'message', message, cost }, [message.buffer])
}

function take (record: Uint8Array, { address: peer }: { address: string }): void {
  if (!gathered.suits(record, peer)) flush()
  const before = gathered.cost
  gathered.add(record, peer)
  leased = (leased + gathered.cost - before) | 0
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

/**
 * Reads what senders had sent before the stop. It ends when a turn of the event loop reads nothing, or when as many
 * bytes are read as the kernel was asked to hold.
 */
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
  // The first turn of the event loop only reads. A later one may find that nothing came.
  setImmediate(() => setImmediate(finish))
})
