/** A link to a node of a test that takes as long as the test says, in both directions, and keeps the order. */
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface SlowLink {
  /** What others dial to reach the node behind the link. */
  readonly address: string
  /** Milliseconds on the way, each way, for what is sent from now on. */
  delayMs: number
  close(): Promise<void>
}

/** From a port of loopback that the system chooses to the socket at `path`, which need not be there yet. */
export async function laySlowLink(path: string): Promise<SlowLink> {
  const sockets = new Set<Socket>()
  const link = { address: '', delayMs: 0, close }
  const server = createServer({ noDelay: true }, (near) => {
    const far = createConnection(path)
    carry(near, far)
    carry(far, near)
  })

  function carry(from: Socket, to: Socket): void {
    let due = 0
    /** What ends the connection does not overtake what was said before. */
    const later = (action: () => void): void => {
      const now = performance.now()
      due = Math.max(due, now + link.delayMs)
      if (due > now) void delay(due - now).then(action)
      else action()
    }
    sockets.add(from)
    from.on('data', (bytes: Buffer) => later(() => to.write(bytes)))
    from.on('end', () => later(() => to.end()))
    // A node that is killed is what this is about.
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      later(() => to.destroy())
    })
  }

  async function close(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the link has no port')
  link.address = `/ip4/127.0.0.1/tcp/${address.port}`
  return link
}
