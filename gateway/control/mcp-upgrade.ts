/** Lets MCP clients in through the control socket: a request that asks for an upgrade becomes a pipe of their messages. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { endWith } from '../http/upgrade.ts'
import type { McpOperations } from './mcp-operations.ts'

/** What client/mcp-bridge.ts asks for. */
const PATH = '/v1/mcp-stdio'
const PROTOCOL = 'lumos-mcp'

const HOSTS: ReadonlySet<string> = new Set(['localhost', 'lumos'])

export interface McpUpgradeComponents {
  readonly clock: Pick<Clock, 'after'>
  readonly mcp: Pick<McpOperations, 'attach'>
}

/** Streams are the operations' from then on; they end with `stopping`. */
export function serveMcpUpgrades(
  server: Server,
  { clock, mcp }: McpUpgradeComponents,
  stopping: AbortSignal
): void {
  server.on('upgrade', (request, socket, head) => {
    if (stopping.aborted || !isWanted(request)) return refuse(socket, { clock }, stopping)
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

/** A node that stops does not wait for it. */
function refuse(
  socket: Duplex,
  { clock }: Pick<McpUpgradeComponents, 'clock'>,
  stopping: AbortSignal
): void {
  const close = (): void => void socket.destroy()
  if (socket.destroyed) return
  stopping.addEventListener('abort', close, { once: true })
  socket.once('close', () => stopping.removeEventListener('abort', close))
  endWith(
    socket,
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    clock
  )
  if (stopping.aborted) close()
}
