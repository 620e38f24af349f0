/** The way of an MCP client through the control socket: bytes as they come, in both directions (Node only). */
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { LumosError } from '../core/errors.ts'
import { socketFailure, type SocketTarget } from './socket-transport.ts'

/** The stream ends when the client or the daemon does. Fails with `DAEMON_DOWN` when nobody answers. */
export function openMcpStream(target: SocketTarget, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: target.socket,
      path: '/v1/mcp-stdio',
      headers: { host: 'localhost', connection: 'Upgrade', upgrade: 'lumos-mcp' },
      agent: false,
      signal
    })
    outgoing.once('upgrade', (_, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    outgoing.once('response', (response) => {
      response.resume()
      reject(new LumosError('UNSUPPORTED_OPERATION', { details: { operation: 'MCP' } }))
    })
    outgoing.on('error', (cause) => reject(socketFailure(cause, target, signal)))
    outgoing.end()
  })
}
