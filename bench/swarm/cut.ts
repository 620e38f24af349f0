/** Cuts the sockets of this process to some ports, as a network does that is torn: what is open ends, what is dialled is refused. */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** With the port they are connected to, or are about to be: a dial that is under way would bridge the cut. */
const sockets = new Map<Socket, number>()
let forbidden: ReadonlySet<number> = new Set()

/** Keeps to the sockets that this process opens, from now on: the other ends are somebody's who does the same. */
export function watchSockets(): void {
  subscribe('net.client.socket', (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- documented: `net.client.socket` publishes `{ socket }`
    const { socket } = message as { readonly socket: Socket }
    socket.once('close', () => sockets.delete(socket))
    socket.once('connectionAttempt', (_address, port) => {
      sockets.set(socket, port)
      // Node still holds the handle in its hands while it tells.
      if (forbidden.has(port)) queueMicrotask(() => refuse(socket))
    })
  })
}

/** None of them can be reached until the next call. */
export function cutPorts(ports: readonly number[]): void {
  forbidden = new Set(ports)
  for (const [socket, port] of sockets) if (forbidden.has(port)) refuse(socket)
}

function refuse(socket: Socket): void {
  socket.destroy(Object.assign(new Error('the network is cut'), { code: 'ECONNREFUSED' }))
}
