import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * Where to cut the target's output: after so many bytes of the next AMQP frame, or at that frame's end where it is
 * shorter.
 */
export interface Cut { intoFrame: number }

/** The place of a cut: after `into` bytes of a frame of `of` bytes. */
export interface CutPlace { into: number, of: number }

/** A network that can fail, between a program and its target: a TCP proxy with a port that never changes. */
export class Wire {
  readonly port: number
  readonly #target: () => number
  readonly #pairs = new Set<[Socket, Socket]>()
  #server: Server | undefined
  #cut: { at: Cut, done: (where: CutPlace) => void } | undefined
  #cutSent: { left: number, done: () => void } | undefined
  /** Connections so far. */
  connections = 0
  /** Bytes that programs have sent. */
  sentBytes = 0

  private constructor (server: Server, target: () => number) {
    this.#server = server
    this.#target = target
    this.port = (server.address() as AddressInfo).port
    server.on('connection', socket => this.#join(socket))
  }

  /** Connects to a port of this machine. `target` is asked at each connection. */
  static async to (target: () => number): Promise<Wire> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Wire(server, target)
  }

  /** Cuts all connections and refuses new ones. */
  down (): void {
    this.#server?.close()
    this.#server = undefined
    this.drop()
  }

  async up (): Promise<void> {
    if (this.#server !== undefined) return
    this.#server = createServer(socket => this.#join(socket)).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Cuts all connections at once. */
  drop (): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** Cuts the connection that carries the target's next frame, at that place. Resolves after the cut. */
  async cut (at: Cut): Promise<CutPlace> {
    return await new Promise(resolve => { this.#cut = { at, done: resolve } })
  }

  /**
   * Lets so many more bytes from programs through, then resets the connection of the next byte. Resolves after the
   * reset.
   */
  async cutSent (bytes: number): Promise<void> {
    await new Promise<void>(resolve => { this.#cutSent = { left: bytes, done: resolve } })
  }

  close (): void {
    this.down()
  }

  #join (near: Socket): void {
    this.connections++
    const far = connect(this.#target(), '127.0.0.1')
    const pair: [Socket, Socket] = [near, far]
    this.#pairs.add(pair)
    const end = (): void => {
      this.#pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', end)
    }
    const frames = new FrameEnds()
    near.on('data', chunk => {
      this.sentBytes += chunk.length
      if (this.#cutSent !== undefined) {
        const { left, done } = this.#cutSent
        if (chunk.length > left) {
          this.#cutSent = undefined
          near.pause()
          far.write(chunk.subarray(0, left), () => {
            near.resetAndDestroy()
            done()
          })
          return
        }
        this.#cutSent.left -= chunk.length
      }
      if (!far.write(chunk)) near.pause()
    })
    far.on('drain', () => near.resume())
    near.on('drain', () => far.resume())
    far.on('data', chunk => {
      const place = this.#cut === undefined ? undefined : frames.cutIn(chunk, this.#cut.at)
      frames.pass(chunk)
      if (place === undefined) {
        if (!near.write(chunk)) far.pause()
        return
      }
      const { done } = this.#cut as { done: (where: CutPlace) => void }
      this.#cut = undefined
      far.pause()
      // `end` comes first, so that the bytes before the cut arrive.
      near.end(chunk.subarray(0, place.end), () => {
        far.destroy()
        done(place)
      })
    })
  }
}

/**
 * Follows a stream of AMQP bytes to find the starts of frames. A header of 8 bytes begins with 'AMQP', a frame with its
 * length.
 */
class FrameEnds {
  /** Bytes until the next frame begins. */
  #left = 0
  /** The start of a frame whose size is not known yet. */
  #head = Buffer.alloc(0)

  /** Returns the place of the cut in this chunk, if any. `end` bytes of the chunk are passed on. */
  cutIn (chunk: Buffer, { intoFrame }: Cut): CutPlace & { end: number } | undefined {
    if (this.#head.length > 0 || this.#left >= chunk.length || chunk.length - this.#left < 4) return undefined
    const of = frameSize(chunk.subarray(this.#left))
    const end = Math.min(chunk.length, this.#left + Math.min(intoFrame, of))
    return { end, into: end - this.#left, of }
  }

  pass (chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, rest.length)
        this.#left -= taken
        rest = rest.subarray(taken)
        continue
      }
      const taken = Math.min(4 - this.#head.length, rest.length)
      this.#head = Buffer.concat([this.#head, rest.subarray(0, taken)])
      rest = rest.subarray(taken)
      if (this.#head.length < 4) return
      this.#left = frameSize(this.#head) - 4
      this.#head = Buffer.alloc(0)
    }
  }
}

const AMQP = 0x414d5150

function frameSize (bytes: Buffer): number {
  const word = bytes.readUInt32BE(0)
  return word === AMQP ? 8 : word
}
