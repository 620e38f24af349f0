/** Server-sent events: alive in silence, patient with slow readers, and cut from those that read nothing. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { sendEvents } from '../../../gateway/http/server-events.ts'
import type { ServerEvent } from '../../../gateway/http/server-events.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { PATIENCE } from '../../support/patience.ts'

const { signal } = new AbortController()

/** A response on its way to a real socket that is read when the test says so. */
async function setup() {
  const clock = new ManualClock()
  const asked = Promise.withResolvers<ServerResponse>()
  const server = createServer((_, answer) => asked.resolve(answer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const reader = connect(port, '127.0.0.1')
  reader.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  onTestFinished(async () => {
    reader.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { clock, reader, response: await asked.promise }
}

function textOf(reader: Socket): () => string {
  let text = ''
  reader.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  return () => text
}

async function* twoEvents(): AsyncIterable<ServerEvent> {
  yield { id: '1.0', data: '{"a":1}' }
  yield { data: '{"b":2}' }
}

// oxlint-disable-next-line require-yield -- fails before there is anything to tell
async function* noEvents(): AsyncIterable<ServerEvent> {
  throw new Error('no such task')
}

test('each event bears its place', async () => {
  const { clock, reader, response } = await setup()
  const text = textOf(reader)
  await sendEvents({ response, signal }, twoEvents(), { clock })
  await vi.waitFor(() => expect(text()).toContain('b'), PATIENCE)
  expect(text()).toContain('content-type: text/event-stream')
  expect(text()).toContain('id: 1.0\ndata: {"a":1}\n\n')
  expect(text()).toContain('data: {"b":2}\n\n')
})

test('silence is filled with signs of life, and ends with the stream', async () => {
  const { clock, reader, response } = await setup()
  const text = textOf(reader)
  const { promise: goOn, resolve } = Promise.withResolvers<void>()
  async function* events(): AsyncIterable<ServerEvent> {
    yield { data: 'first' }
    await goOn
  }
  const sent = sendEvents({ response, signal }, events(), { clock })
  await vi.waitFor(() => expect(text()).toContain('first'), PATIENCE)
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  await vi.waitFor(() => expect(text().split(': alive\n\n')).toHaveLength(3), PATIENCE)
  resolve()
  await sent
})

test('what fails before the first event is still an answer of its own', async () => {
  const { clock, response } = await setup()
  await expect(sendEvents({ response, signal }, noEvents(), { clock })).rejects.toThrow(
    'no such task'
  )
  expect(response.headersSent).toBe(false)
})

test('a reader that reads nothing holds the stream up, and is cut in the end', async () => {
  const { clock, reader, response } = await setup()
  reader.pause()
  let told = 0
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  async function* events(): AsyncIterable<ServerEvent> {
    try {
      for (;;) {
        told += 1
        yield { data: 'x'.repeat(1024 * 1024) }
      }
    } finally {
      close()
    }
  }
  const sent = sendEvents({ response, signal }, events(), { clock })
  // What the kernel takes for the reader is more than one event, and has an end.
  await vi.waitFor(() => expect(response.writableNeedDrain).toBe(true), PATIENCE)
  await clock.advance(LIMITS.gatewayStall.value)
  await Promise.all([sent, closed])
  expect(response.destroyed).toBe(true)
  expect(told).toBeLessThan(100)
})
