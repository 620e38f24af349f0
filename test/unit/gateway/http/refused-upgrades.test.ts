/** Whoever asks for another protocol and is refused: it keeps neither its connection nor its place. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createHttpServer } from '../../../../gateway/http/http-server.ts'
import { sendJson } from '../../../../gateway/http/request.ts'
import { refuseUpgrade } from '../../../../gateway/http/upgrade.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { PATIENCE } from '../../../support/patience.ts'

const UPGRADE =
  'GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

async function setup(connections: number) {
  const server = createHttpServer(
    {
      newRequestId: () => 'request-1',
      clock: systemClock,
      logger: silentLogger,
      callers: {
        admit: () => undefined,
        identify: async () => ({ who: 'http:a', owner: 'http:a', scopes: [] }),
        recheck: async () => undefined,
        answering: () => () => undefined,
        sees: () => true,
        reaches: () => true,
        permit: () => undefined
      },
      doors: [
        async (request) => {
          sendJson(request, { well: true })
          return true
        }
      ]
    },
    { host: '127.0.0.1', ports: [0], connections }
  )
  await server.start()
  const { url = '' } = server
  const sockets: Socket[] = []
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= server.stop())
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await stop()
  })

  /** Is refused, and never hangs up. */
  async function ask() {
    const { port } = new URL(url)
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(socket)
    let heard = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    const answered = new Promise((resolve) => socket.once('end', resolve))
    socket.write(UPGRADE)
    await answered
    return { socket, heard }
  }
  return { url, ask, stop }
}

test('who is refused and does not hang up is let go, and is in nobody’s way', async () => {
  const { url, ask, stop } = await setup(4)
  const refused = await Promise.all(Array.from({ length: 4 }, ask))
  for (const { heard } of refused) expect(heard).toMatch(/^HTTP\/1\.1 404 .*ROUTE_UNKNOWN/s)
  const answer = await fetch(url, { headers: { connection: 'close' } })
  expect(await answer.json()).toEqual({ well: true })
  await vi.waitFor(() => {
    for (const { socket } of refused) {
      // A side that has only been told goodbye notices when it says something that nobody is there.
      socket.write('?')
      expect(socket.closed).toBe(true)
    }
  }, PATIENCE)
  await stop()
})

test('a node that stops does not wait for those whom it has refused', async () => {
  const { ask, stop } = await setup(4)
  await ask()
  const stopped = vi.fn()
  void stop().then(stopped)
  await vi.waitFor(() => expect(stopped).toHaveBeenCalled(), PATIENCE)
})

test('who does not even take its refusal is cut', async () => {
  const clock = new ManualClock()
  const socket = new Duplex({ read: () => undefined, write: () => undefined })
  refuseUpgrade(socket, new LumosError('ROUTE_UNKNOWN'), clock)
  await clock.advance(LIMITS.gatewayDrain.value - 1)
  expect(socket.destroyed).toBe(false)
  await clock.advance(1)
  expect(socket.destroyed).toBe(true)
  expect(clock.pending).toBe(0)
})

test('who has left before its refusal leaves nothing to wait for', async () => {
  const clock = new ManualClock()
  const socket = new Duplex({ read: () => undefined, write: () => undefined })
  socket.destroy()
  await new Promise((resolve) => socket.once('close', resolve))
  refuseUpgrade(socket, new LumosError('ROUTE_UNKNOWN'), clock)
  expect(clock.pending).toBe(0)
})
