/** Lets MCP clients in through the control socket: a request that asks for an upgrade becomes a pipe of their messages. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { McpOperations } from './mcp-operations.ts'

/** What client/mcp-bridge.ts asks for. */
const PATH = '/v1/mcp-stdio'
const PROTOCOL = 'lumos-mcp'

const HOSTS: ReadonlySet<string> = new Set(['localhost', 'lumos'])

/** Streams are the operations' from then on; they end with `stopping`. */
export function serveMcpUpgrades(
  server: Server,
  { mcp }: { readonly mcp: Pick<McpOperations, 'attach'> },
  stopping: AbortSignal
): void {
  server.on('upgrade', (request, socket, head) => {
    if (stopping.aborted || !isWanted(request)) return refuse(socket, stopping)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`
    )
    if (head.length > 0) socket.unshift(head)
    mcp.attach(socket, stopping)
  })
}

/** Pages in browsers send these headers, and cannot help it. */
function isWanted({ url, headers }: IncomingMessage): boolean {
  const isPage = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
  return url === PATH && headers.upgrade === PROTOCOL && HOSTS.has(headers.host ?? '') && !isPage
}

/** Closes it, whether the other end does or not: no timeout of the server applies any more, and its end would wait for it. */
function refuse(socket: Duplex, stopping: AbortSignal): void {
  const close = (): void => void socket.destroy()
  socket.on('error', close)
  if (stopping.aborted) return close()
  stopping.addEventListener('abort', close, { once: true })
  socket.once('close', () => stopping.removeEventListener('abort', close))
  socket.once('finish', close)
  socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
