/** The daemon's door: serves the control API on the profile's Unix socket. */
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createControlApp, type ControlComponents } from './app.ts'
import { listenPrivately, type BoundSocket } from './control-socket.ts'
import { serveMcpUpgrades } from './mcp-upgrade.ts'

export interface ControlServerInit {
  /** Its folder must exist and belong to this OS user alone. */
  readonly socketPath: string
}

/**
 * `start` fails with LISTEN_FAILED. `stop` refuses new requests, ends streams with SHUTTING_DOWN,
 * gives answers LIMITS.controlDrain to leave, and removes the socket.
 */
export function createControlServer(
  components: ControlComponents,
  { socketPath }: ControlServerInit
): Component {
  const { clock, logger } = components
  let running: { server: Server; socket: BoundSocket; stopping: AbortController } | undefined

  return {
    async start() {
      if (running !== undefined) return
      const stopping = new AbortController()
      const app = createControlApp(components, stopping.signal)
      const server = createHttpServer((request) => app.fetch(request))
      const { mcp } = components.operations
      serveMcpUpgrades(server, { clock, mcp }, stopping.signal)
      const socket = await listenPrivately(server, socketPath)
      server.on('error', (error) => logger.error('control socket failed', { error }))
      running = { server, socket, stopping }
    },
    async stop() {
      if (running === undefined) return
      const { server, socket, stopping } = running
      running = undefined
      await socket.release()
      const closed = new Promise((resolve) => server.close(resolve))
      stopping.abort(new LumosError('SHUTTING_DOWN'))
      const cancel = clock.after(LIMITS.controlDrain.value, () => server.closeAllConnections())
      await closed
      cancel()
    }
  }
}

function createHttpServer(fetch: (request: Request) => Response | Promise<Response>): Server {
  // Global Request and Response stay as they are: this process may belong to somebody else.
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false })
  const server = createServer(
    {
      requestTimeout: LIMITS.controlRequest.value,
      headersTimeout: LIMITS.controlRequest.value
    },
    (incoming, outgoing) => void listener(incoming, outgoing)
  )
  server.maxConnections = LIMITS.controlConnections.value
  return server
}
