import { ProtocolError } from '../listener/protocol.ts'

/**
 * The head of a frame: `TXNR SP COMMAND SP DATALEN`, and where its data begins. A command without a length has none
 * (`2 close LF`). The data is followed by an LF of the frame's own.
 */
export interface Header { txnr: number, command: string, length: number, dataAt: number }

/** A transaction number and a length have 9 digits at most, a command 32 letters. */
const MOST_DIGITS = 9
const MOST_LETTERS = 32

/** The command of nearly all frames: no text is made of it. */
const SYSLOG = Buffer.from('syslog')
const LF = 0x0a
const SPACE = 0x20

/**
 * Reads the head that begins at `at`; undefined where it is not whole yet. Throws ProtocolError where there is none. So
 * a length is known before any memory is needed for the data.
 */
export function readHeader (bytes: Buffer, at: number): Header | undefined {
  const txnrEnd = digitsEnd(bytes, at)
  if (txnrEnd === at && at < bytes.length) throw new ProtocolError('a frame without a transaction number')
  if (txnrEnd === bytes.length) return undefined
  if (bytes[txnrEnd] !== SPACE) throw new ProtocolError('a frame without a command')
  const commandEnd = lettersEnd(bytes, txnrEnd + 1)
  if (commandEnd === bytes.length) return undefined
  if (commandEnd === txnrEnd + 1) throw new ProtocolError('a frame without a command')
  const txnr = number(bytes, at, txnrEnd)
  const isSyslog = commandEnd - txnrEnd - 1 === SYSLOG.length && isAt(bytes, txnrEnd + 1, SYSLOG)
  const command = isSyslog ? 'syslog' : bytes.toString('latin1', txnrEnd + 1, commandEnd)
  if (bytes[commandEnd] === LF) return { txnr, command, length: 0, dataAt: commandEnd }
  if (bytes[commandEnd] !== SPACE) throw new ProtocolError('a frame whose command is no word')
  const lengthEnd = digitsEnd(bytes, commandEnd + 1)
  if (lengthEnd === bytes.length) return undefined
  if (lengthEnd === commandEnd + 1) throw new ProtocolError('a frame without a length')
  const length = number(bytes, commandEnd + 1, lengthEnd)
  if (length > 0 && bytes[lengthEnd] !== SPACE) throw new ProtocolError('a frame without data behind its length')
  // librelp writes a blank behind a length of 0 in some frames.
  const dataAt = bytes[lengthEnd] === SPACE ? lengthEnd + 1 : lengthEnd
  return { txnr, command, length, dataAt }
}

function isAt (bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

function digitsEnd (bytes: Buffer, from: number): number {
  let at = from
  while (isBetween(bytes[at], 0x30, 0x39)) at++
  if (at - from > MOST_DIGITS) throw new ProtocolError(`a number of more than ${MOST_DIGITS} digits`)
  return at
}

function lettersEnd (bytes: Buffer, from: number): number {
  let at = from
  while (isBetween(bytes[at], 0x61, 0x7a)) at++
  if (at - from > MOST_LETTERS) throw new ProtocolError(`a command of more than ${MOST_LETTERS} letters`)
  return at
}

function isBetween (byte: number | undefined, first: number, last: number): boolean {
  return byte !== undefined && byte >= first && byte <= last
}

function number (bytes: Buffer, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] ?? 0) - 0x30
  return value
}
