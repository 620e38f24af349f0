/** MCP through the control socket: who is let in, and what happens when the node stops. */
import { EventEmitter } from 'node:events'
import { request } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openMcpStream } from '../../../../client/mcp-bridge.ts'
import { systemClock } from '../../../../core/clock.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createControlServer } from '../../../../gateway/control/control-server.ts'
import { serveMcpUpgrades } from '../../../../gateway/control/mcp-upgrade.ts'
import { fakeOperations } from '../../../support/control-operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { fakeMcp } from '../../../support/mcp-operations.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const never = new AbortController().signal

/** A node that says everything back, until it stops. */
async function setup() {
  const socket = join(await temporaryDirectory(), 'lumos.sock')
  const endings: AbortSignal[] = []
  const mcp = fakeMcp({
    attach(stream: Duplex, signal) {
      endings.push(signal)
      stream.pipe(stream)
      signal.addEventListener('abort', () => stream.destroy())
    }
  })
  const server = createControlServer(
    { operations: fakeOperations({ mcp }), logger: silentLogger, clock: systemClock },
    { socketPath: socket }
  )
  await server.start()
  onTestFinished(() => server.stop())
  return { socket, server, endings }
}

test('bytes go both ways, and the end of one side is that of the other', async () => {
  const { socket } = await setup()
  const stream = await openMcpStream({ socket }, never)
  stream.end('{"jsonrpc":"2.0"}\n')
  expect(await text(stream)).toBe('{"jsonrpc":"2.0"}\n')
})

test('a node that stops does not wait for its MCP clients', async () => {
  const { socket, server, endings } = await setup()
  const stream = await openMcpStream({ socket }, never)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  stream.resume()
  await server.stop()
  await closed
  expect(endings[0]?.reason).toMatchObject({ code: 'SHUTTING_DOWN' })
})

test.for([
  ['/v1/status', { host: 'localhost', upgrade: 'lumos-mcp' }],
  ['/v1/mcp-stdio', { host: 'localhost', upgrade: 'websocket' }],
  ['/v1/mcp-stdio', { host: 'evil.example', upgrade: 'lumos-mcp' }],
  ['/v1/mcp-stdio', { host: 'localhost', upgrade: 'lumos-mcp', origin: 'http://localhost' }],
  ['/v1/mcp-stdio', { host: 'localhost', upgrade: 'lumos-mcp', 'sec-fetch-site': 'cross-site' }]
] as const)('%s with %o is refused', async ([path, headers]) => {
  const { socket, endings } = await setup()
  const status = await new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: socket,
      path,
      headers: { ...headers, connection: 'Upgrade' }
    })
    outgoing.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
  expect(status).toBe(400)
  expect(endings).toEqual([])
})

test('a node that stops does not wait for one that was refused and does not hang up', async () => {
  const { socket, server } = await setup()
  const refused = connect({ path: socket, allowHalfOpen: true })
  onTestFinished(() => void refused.destroy())
  refused.on('error', () => undefined)
  const answered = text(refused)
  refused.write(
    'GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: lumos-mcp\r\n\r\n'
  )
  expect(await answered).toMatch(/^HTTP\/1\.1 400 /)
  const stopped = vi.fn()
  void server.stop().then(stopped)
  await vi.waitFor(() => expect(stopped).toHaveBeenCalled(), PATIENCE)
})

test('who does not even take its refusal is cut', async () => {
  const clock = new ManualClock()
  const server = new EventEmitter()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of it
  serveMcpUpgrades(server as Server, { clock, mcp: fakeMcp() }, never)
  const socket = new Duplex({ read: () => undefined, write: () => undefined })
  server.emit('upgrade', { url: '/', headers: {} }, socket, Buffer.alloc(0))
  await clock.advance(LIMITS.gatewayDrain.value - 1)
  expect(socket.destroyed).toBe(false)
  await clock.advance(1)
  expect(socket.destroyed).toBe(true)
  expect(clock.pending).toBe(0)
})

test('without a daemon a client is told so', async () => {
  const socket = join(await temporaryDirectory(), 'lumos.sock')
  await expect(openMcpStream({ socket }, never)).rejects.toMatchObject({ code: 'DAEMON_DOWN' })
})
