import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Cleanup } from '../helpers/cleanup.ts'

/** A load balancer for TCP: a new connection goes to the first of its ports that accepts it, and stays there. */
export class Balancer {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor (server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  static async start (cleanup: Cleanup, ports: readonly number[]): Promise<Balancer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const balancer = new Balancer(server)
    server.on('connection', socket => { void balancer.#pass(socket, ports) })
    cleanup.add(async () => await balancer.#close())
    return balancer
  }

  async #pass (socket: Socket, ports: readonly number[]): Promise<void> {
    this.#own(socket)
    for (const port of ports) {
      const backend = this.#own(connect(port, '127.0.0.1'))
      const accepted = await once(backend, 'connect').then(() => true, () => false)
      if (!accepted) continue
      for (const [from, to] of [[socket, backend], [backend, socket]]) from.pipe(to).once('close', () => from.destroy())
      return
    }
    socket.destroy()
  }

  #own (socket: Socket): Socket {
    this.#sockets.add(socket)
    return socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
  }

  async #close (): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }
}
