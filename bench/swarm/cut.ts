/** Cuts the sockets of this process to some ports, as a network does that is torn: what is open ends, what is dialled is refused. */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const sockets = new Set<Socket>()
let forbidden: ReadonlySet<number> = new Set()

/** Keeps to the sockets that this process opens, from now on: the other ends are somebody's who does the same. */
export function watchSockets(): void {
  subscribe('net.client.socket', (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- documented: `net.client.socket` publishes `{ socket }`
    const { socket } = message as { readonly socket: Socket }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Node still holds the handle in its hands while it tells.
    socket.once('connectionAttempt', (_address, port) => {
      if (forbidden.has(port)) queueMicrotask(() => refuse(socket))
    })
  })
}

/** None of them can be reached until the next call. */
export function cutPorts(ports: readonly number[]): void {
  forbidden = new Set(ports)
  for (const socket of sockets) if (forbidden.has(socket.remotePort ?? 0)) socket.destroy()
}

function refuse(socket: Socket): void {
  socket.destroy(Object.assign(new Error('the network is cut'), { code: 'ECONNREFUSED' }))
}
