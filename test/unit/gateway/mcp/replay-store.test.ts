/** What a session of MCP remembers for a client whose stream was cut, and what it does not. */
import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createReplayStore } from '../../../../gateway/mcp/replay-store.ts'

function message(text: string): JSONRPCMessage {
  return { jsonrpc: '2.0', method: 'notifications/message', params: { text } }
}

function setup() {
  const store = createReplayStore()
  return {
    store,
    tell: (text: string, stream = 'a') => store.storeEvent(stream, message(text)),
    behind: async (id: string) => {
      const told: [string, JSONRPCMessage][] = []
      const stream = await store.replayEventsAfter(id, {
        send: async (...event) => void told.push(event)
      })
      return { stream, told }
    }
  }
}

test('who comes again hears what came behind its last event, of that stream alone', async () => {
  const { tell, behind } = setup()
  const first = await tell('1')
  await tell('other', 'b')
  const second = await tell('2')
  expect(await behind(first)).toEqual({ stream: 'a', told: [[second, message('2')]] })
  expect(await behind(second)).toEqual({ stream: 'a', told: [] })
})

test('the event that only tells where a stream begins is not told again', async () => {
  const { store, tell, behind } = setup()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the SDK stores it
  const begin = await store.storeEvent('a', {} as JSONRPCMessage)
  const first = await tell('1')
  expect((await behind(begin)).told).toEqual([[first, message('1')]])
})

test('it keeps so many events and bytes, but the youngest whatever its size', async () => {
  const { store, tell, behind } = setup()
  const first = await tell('0')
  const rest: string[] = []
  for (let count = 0; count < LIMITS.mcpReplayEvents.value; count++) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    rest.push(await tell(String(count)))
  }
  expect(store.has(first)).toBe(false)
  expect(store.has(rest[0] ?? '')).toBe(true)
  await expect(behind(first)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  const huge = await tell('x'.repeat(2 * LIMITS.mcpReplayBytes.value))
  expect(store.has(rest.at(-1) ?? '')).toBe(false)
  expect(store.has(huge)).toBe(true)
  expect(store.has(await tell('next'))).toBe(true)
  expect(store.has(huge)).toBe(false)
})
