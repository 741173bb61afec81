import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { tlsFailure } from '../../tls-failure.ts'

/** What a port speaks. `tls`: something over TLS that told no more, as where a client certificate is wanted. */
export type Spoken = 'https' | 'amqps' | 'tls' | 'http' | 'amqp'

const ANSWER_MS = 2_000
const AMQP = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1')
const HTTP = Buffer.from('GET / HTTP/1.0\r\n\r\n', 'latin1')

interface Heard { tls: boolean, text: string }

/**
 * Finds out what a port speaks, by a greeting of each kind. Undefined where none is understood. TLS counts first: its
 * servers may answer plain HTTP by an error in HTTP.
 */
export async function spokenAt (host: string, port: number): Promise<Spoken | undefined> {
  const [https, amqps, http, amqp] = await Promise.all([
    greet(host, port, true, HTTP), greet(host, port, true, AMQP), greet(host, port, false, HTTP), greet(host, port, false, AMQP)
  ])
  if (https.text.startsWith('HTTP/')) return 'https'
  if (amqps.text.startsWith('AMQP')) return 'amqps'
  if (https.tls || amqps.tls) return 'tls'
  if (http.text.startsWith('HTTP/')) return 'http'
  return amqp.text.startsWith('AMQP') ? 'amqp' : undefined
}

/** Sends a greeting, and hears at most the first bytes that come back. */
async function greet (host: string, port: number, secure: boolean, greeting: Buffer): Promise<Heard> {
  const heard: Heard = { tls: false, text: '' }
  const socket: Socket = secure
    // Only a greeting is sent, and it holds no secret.
    ? connectTls({ host, port, rejectUnauthorized: false, servername: isIP(host) === 0 ? host : '' })
    : connectPlain({ host, port })
  return await new Promise(resolve => {
    const end = (): void => {
      socket.destroy()
      resolve(heard)
    }
    socket.setTimeout(ANSWER_MS, end)
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      // An alert comes from a server of TLS.
      if (secure && code.includes('_ALERT_') && tlsFailure(code) !== undefined) heard.tls = true
      end()
    })
    socket.on('close', end)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      heard.tls = secure
      socket.write(greeting)
    })
    socket.once('data', bytes => {
      heard.text = bytes.toString('latin1', 0, 16)
      end()
    })
  })
}
