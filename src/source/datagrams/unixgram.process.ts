/**
 * Entry of the process that reads a Unix datagram socket. A process of its own, because the addon that can read one fits into no worker
 * thread and cannot be told to stop reading; a process stops when it writes to a pipe that nobody reads. Then the kernel's queue fills,
 * and the senders wait.
 *
 *     bound --a byte on stdin--> reading --stdin ends--> draining --nothing more in the kernel--> gone
 */
import { readFileSync, readSync } from 'node:fs'
import { DatagramMessage } from './message.ts'
import { errorName, loadUnixDgram, type UnixSocket } from './unix-dgram.ts'
import { makeWay, removerOf } from './unix-path.ts'
import { PIPE, type UnixReport, writeFrame } from './unixgram-pipe.ts'

const STDIN = 0
/** Senders that the kernel may have waiting for room. */
const MOST_WAITING = 1000
const path = process.argv[2] ?? ''
/** It goes out when it is full, or when nothing more has come within a turn of the event loop. */
const gathered = new DatagramMessage()
let scheduled = false
let sinceLastTurn = 0
/** Once told to stop: how many datagrams may still be read, so that a sender that does not stop is no reason not to. */
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
 * What the kernel holds at this moment it has taken from its senders, and what those send that wait, it takes when it is read: all that is
 * read. The path is removed, so that no more find it; who has connected could go on for ever, and what it sends in the end is lost.
 */
function stop (removeFile: () => void, queue: number): void {
  removeFile()
  remaining = queue + 1 + MOST_WAITING
  sinceLastTurn = 1
  schedule()
}

/** net.unix.max_dgram_qlen of where the socket is made, Linux only. */
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
  const socket = createSocket('unix_dgram').on('message', take).on('error', error => { throw new Error(`cannot listen there (${errorName(error)})`) })
  socket.bind(path)
  return socket
}

// To a whole group of processes, as a terminal and systemd send them, they are for the one that has started this one.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {})
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  try {
    flush()
    report({ kind: 'failed', reason: error.message })
  } catch {} // there is nobody to tell
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
