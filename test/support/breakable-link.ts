/** A link between two nodes of a test: breaks at the bytes that the test names, and stays broken while it says so. */
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

export interface BreakableLink {
  /** What others dial to reach the node behind the link. */
  readonly address: string
  /** How often it broke. */
  readonly breaks: number
  /** Bytes it has carried, both ways together. */
  readonly carried: number
  /** While it refuses, whoever dials is hung up on. */
  refuses: boolean
  /** Breaks the link each time that it has carried so many bytes more, both ways together. */
  breakAfter(portions: readonly number[]): void
  /** Destroys both ends of every connection. */
  cut(): void
  close(): Promise<void>
}

/** From a port of loopback that the system chooses to the socket at `path`. */
export async function layBreakableLink(path: string): Promise<BreakableLink> {
  const server = createServer()
  const link = new Link(server, path)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return link
}

class Link implements BreakableLink {
  refuses = false
  breaks = 0
  carried = 0
  readonly #server: Server
  readonly #path: string
  readonly #sockets = new Set<Socket>()
  #portions: readonly number[] = []
  /** Bytes until the next break. */
  #left = Infinity

  constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
    server.on('connection', (socket) => this.#join(socket))
  }

  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the link has no port')
    return `/ip4/127.0.0.1/tcp/${address.port}`
  }

  breakAfter([next = Infinity, ...later]: readonly number[]): void {
    this.#left = next
    this.#portions = later
  }

  cut(): void {
    this.breaks += 1
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #join(near: Socket): void {
    if (this.refuses) {
      near.destroy()
      return
    }
    const far = createConnection(this.#path)
    this.#carry(near, far)
    this.#carry(far, near)
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.on('data', (bytes: Buffer) => this.#pass(bytes, from, to))
    from.on('end', () => to.end())
    // Destroyed sockets are what this is about.
    from.on('error', () => undefined)
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }

  #pass(bytes: Buffer, from: Socket, to: Socket): void {
    const taken = to.write(bytes.subarray(0, this.#left))
    this.#left -= bytes.length
    this.carried += bytes.length
    if (this.#left <= 0) {
      this.breakAfter(this.#portions)
      this.cut()
    } else if (!taken) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  }
}
