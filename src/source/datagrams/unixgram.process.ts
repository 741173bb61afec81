/**
 * Entry of the process that reads a Unix datagram socket. The addon that can read one fits into no worker thread, and
 * cannot be told to stop reading. A process stops reading when it writes to a pipe that nobody reads. Then the kernel's
 * queue fills, and the senders wait.
 *
 *     bound --a byte on stdin--> reading --stdin ends--> draining --nothing more in the kernel--> gone
 */
import { readFileSync, readSync } from 'node:fs'
import { DatagramMessage } from './message.ts'
import { errorName, loadUnixDgram, type UnixSocket } from './unix-dgram.ts'
import { makeWay, removerOf } from './unix-path.ts'
import { PIPE, type UnixReport, writeFrame } from './unixgram-pipe.ts'

const STDIN = 0
/** The number of senders that may wait for room in the kernel's queue. */
const MOST_WAITING = 1000
const path = process.argv[2] ?? ''
/** The message goes out when it is full, or when a turn of the event loop has brought no datagram. */
const gathered = new DatagramMessage()
let scheduled = false
let sinceLastTurn = 0
/**
 * Set when the process is told to stop: the datagrams that it may still read. So a sender that goes on does not keep it
 * from stopping.
 */
let remaining: number | undefined

function report (what: UnixReport): void {
  writeFrame(PIPE, Buffer.from(JSON.stringify(what)), 0)
}

function flush (): void {
  if (gathered.empty) return
  const { message, cost } = gathered.take()
  writeFrame(PIPE, message, cost)
}

function end (): never {
  flush()
  process.exit(0)
}

function take (datagram: Buffer): void {
  gathered.add(datagram)
  sinceLastTurn++
  if (gathered.full) flush()
  if (remaining !== undefined && --remaining <= 0) end()
  schedule()
}

function schedule (): void {
  if (scheduled) return
  scheduled = true
  setImmediate(turn)
}

/** libuv reads one datagram in a turn of its loop. */
function turn (): void {
  scheduled = false
  if (sinceLastTurn > 0) {
    sinceLastTurn = 0
    schedule()
  } else if (remaining === undefined) flush()
  else end()
}

/**
 * Reads all datagrams that the kernel holds at this moment, and those of senders that wait for room. The path is
 * removed, so that no new sender finds the socket. A sender that is connected could send for ever; so there is an upper
 * bound, and datagrams beyond it are lost.
 */
function stop (removeFile: () => void, queue: number): void {
  removeFile()
  remaining = queue + 1 + MOST_WAITING
  sinceLastTurn = 1
  schedule()
}

/** net.unix.max_dgram_qlen of the network namespace in which the socket is made. Linux only. */
function queueLength (): number | null {
  try {
    return Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'latin1'))
  } catch {
    return null
  }
}

function bind (): UnixSocket {
  const { createSocket } = loadUnixDgram()
  makeWay(path, target => {
    let code: string | undefined
    const probe = createSocket('unix_dgram').on('error', error => { code = errorName(error) })
    probe.connect(target)
    probe.close()
    return code
  })
  const socket = createSocket('unix_dgram')
    .on('message', take)
    .on('error', error => { throw new Error(`cannot listen there (${errorName(error)})`) })
  socket.bind(path)
  return socket
}

// A terminal and systemd send these signals to a whole group of processes. They are for the process that started this
// one, which then stops this one.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {})
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  try {
    flush()
    report({ kind: 'failed', reason: error.message })
  } catch {} // nobody reads the pipe
  process.exit(1)
})

bind()
const removeFile = removerOf(path)
process.on('exit', removeFile)
const queue = queueLength()
report({ kind: 'listening', queue })
const begun = readSync(STDIN, Buffer.alloc(1)) === 1
const stopping = (): void => stop(removeFile, queue ?? 0)
if (begun) process.stdin.once('end', stopping).resume()
else stopping()
