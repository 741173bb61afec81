import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Cleanup } from './cleanup.ts'

export interface ReceivedFrame { number: number, command: string, data: string }

/** One connection of a client, and what it has sent so far. */
export interface RelpPeer {
  readonly frames: ReceivedFrame[]
  readonly socket: Socket
  answer (number: number, text?: string): void
}

/** Called with each frame. The frame is answered where the test answers it. */
export type OnFrame = (frame: ReceivedFrame, peer: RelpPeer) => void

export const accept: OnFrame = ({ number, command, data }, peer) => {
  peer.answer(number, command === 'open' ? `200 OK\n${data}` : '200 OK')
  if (command === 'close') peer.socket.end()
}

/** A RELP server that does as the test says. It shares nothing with the program's reader and writer. */
export class RelpServer {
  readonly peers: RelpPeer[] = []
  readonly port: number
  readonly #server: Server

  private constructor (server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  static async start (
    cleanup: Cleanup, onFrame: OnFrame = accept, { tls, port = 0 }: { tls?: TlsOptions, port?: number } = {}
  ): Promise<RelpServer> {
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const relp = new RelpServer(server)
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => { relp.#accept(socket, onFrame) })
    cleanup.add(async () => await relp.close())
    return relp
  }

  /** Data of all `syslog` frames, in the order of their arrival. */
  get records (): string[] {
    return this.peers.flatMap(({ frames }) => frames).filter(({ command }) => command === 'syslog').map(({ data }) => data)
  }

  async close (): Promise<void> {
    for (const { socket } of this.peers) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept (socket: Socket, onFrame: OnFrame): void {
    let rest = ''
    const peer: RelpPeer = {
      frames: [],
      socket,
      answer: (number, text = '200 OK') => { socket.write(`${number} rsp ${Buffer.byteLength(text)} ${text}\n`) }
    }
    this.peers.push(peer)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      rest += bytes.toString('latin1')
      for (let head = HEAD.exec(rest); head !== null; head = HEAD.exec(rest)) {
        const [whole, number, command, length] = head
        const start = whole.length + (length === '0' ? 0 : 1)
        const end = start + Number(length)
        if (rest.length <= end) return
        if (rest[end] !== '\n') throw new Error(`a frame ends in ${JSON.stringify(rest[end])}`)
        const data = Buffer.from(rest.slice(start, end), 'latin1').toString()
        rest = rest.slice(end + 1)
        const frame = { number: Number(number), command, data }
        peer.frames.push(frame)
        onFrame(frame, peer)
      }
    })
  }
}

/** Number, command and length. A blank follows where there are data. */
const HEAD = /^(\d{1,9}) ([a-zA-Z]{1,32}) (0|[1-9]\d{0,8}(?= ))/
