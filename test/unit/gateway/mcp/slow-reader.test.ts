/** A client of MCP that does not read what it is told. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { sendAnswer } from '../../../../gateway/mcp/web-exchange.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** A reader of a stream that goes on for as long as somebody takes from it. */
async function setup(piece: Uint8Array) {
  const clock = new ManualClock()
  const over = Promise.withResolvers<number>()
  const server = createServer((_, response) => {
    let sent = 0
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += piece.length
        controller.enqueue(piece)
      },
      cancel: () => over.resolve(sent)
    })
    const headers = { 'content-type': 'text/event-stream' }
    void sendAnswer(response, new Response(body, { headers }), { clock, signal: gone.signal })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on TCP has a port
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1')
  reader.on('error', () => undefined)
  onTestFinished(() => {
    reader.destroy()
    server.closeAllConnections()
    server.close()
  })
  reader.pause()
  reader.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  return { over: over.promise }
}

test('who is behind by more than can be told a second time is cut, and costs no more than that', async () => {
  const piece = new Uint8Array(64 * 1024)
  const { over } = await setup(piece)
  // What the two sockets of the system hold besides is a few megabytes.
  expect(await over).toBeLessThan(LIMITS.mcpReplayBytes.value + 64 * 1024 * 1024)
})
