/** MCP over HTTP on this machine: who is let in, sessions, and both kinds of revisions. */
import { request } from 'node:http'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Client } from '@modelcontextprotocol/client'
import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import {
  accepted,
  agentOf,
  connectClient,
  createTestDoor,
  ended,
  said,
  story
} from '../../../support/mcp-door.ts'
import type { DoorInit, Revision } from '../../../support/mcp-door.ts'

const REVISIONS: readonly Revision[] = ['legacy', 'modern']
const TOKEN = 'a-token-of-the-test'
const AGENTS = [agentOf('echo', 'birch')]

async function setup(init: DoorInit = {}) {
  const parts = createTestDoor({ agents: AGENTS, ...init })
  const { url, closed } = await parts.door.openHttp({ port: 0, token: TOKEN }, parts.ending.signal)
  return {
    ...parts,
    url,
    closed,
    enter: (revision: Revision, token = TOKEN, options = {}): Promise<Client> => {
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit })
      return connectClient(transport, revision, options)
    }
  }
}

function post(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers }
    })
    outgoing.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    outgoing.on('error', reject)
    outgoing.end('{"jsonrpc":"2.0","id":1,"method":"ping"}')
  })
}

test.for(REVISIONS)('tools are listed and called, with progress (%s)', async (revision) => {
  const events = [accepted('t1'), said('hel'), said('lo'), ended('t1', 'hello')]
  const { enter, url } = await setup({ operations: { run: () => story(...events) } })
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
  const client = await enter(revision)
  const told: (string | undefined)[] = []
  const result = await client.callTool(
    { name: 'echo', arguments: { message: 'hello' } },
    { onprogress: ({ message }) => told.push(message) }
  )
  expect(result.content).toEqual([{ type: 'text', text: 'hello' }])
  expect(told).toEqual(['hel', 'lo'])
})

test.for(REVISIONS)('a cancelled call ends its task (%s)', async (revision) => {
  const begun = Promise.withResolvers<AbortSignal>()
  async function* run(_: object, signal: AbortSignal) {
    yield accepted('t1')
    begun.resolve(signal)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  const { enter } = await setup({ operations: { run } })
  const client = await enter(revision)
  const cancelled = new AbortController()
  const result = client.callTool(
    { name: 'echo', arguments: { message: 'x' } },
    { signal: cancelled.signal }
  )
  const signal = await begun.promise
  cancelled.abort(new Error('enough'))
  await expect(result).rejects.toThrow('enough')
  await expect.poll(() => signal.aborted).toBe(true)
})

test.for(REVISIONS)('agents that come are told of (%s)', async (revision) => {
  const { enter, change } = await setup()
  const onChanged = vi.fn<() => void>()
  const watched = { autoRefresh: false, debounceMs: 0, onChanged }
  const client = await enter(revision, TOKEN, { listChanged: { tools: watched } })
  await client.listTools()
  await expect
    .poll(() => {
      change([...AGENTS, agentOf('clock', `oak${onChanged.mock.calls.length}`)])
      return onChanged.mock.calls.length
    })
    .toBeGreaterThan(0)
})

test('nobody enters without the token, nor a page that calls this machine by another name', async () => {
  const { url, enter } = await setup()
  const authorization = `Bearer ${TOKEN}`
  expect(await post(url, {})).toBe(401)
  expect(await post(url, { authorization: 'Bearer wrong' })).toBe(401)
  expect(await post(url, { authorization, host: 'evil.example' })).toBe(403)
  expect(await post(url, { authorization, origin: 'https://evil.example' })).toBe(403)
  expect(await post(url.replace('/mcp', '/other'), { authorization })).toBe(404)
  await expect(enter('legacy', 'wrong')).rejects.toThrow('the token is missing or wrong')
})

test('a session that nobody knows is not found, so that its client greets again', async () => {
  const { url } = await setup()
  const headers = { authorization: `Bearer ${TOKEN}`, 'mcp-session-id': 'gone' }
  expect(await post(url, { ...headers, accept: 'application/json, text/event-stream' })).toBe(404)
})

test('a message that is too large is refused', async () => {
  const { enter } = await setup()
  const client = await enter('legacy')
  const message = 'x'.repeat(LIMITS.mcpRequestBytes.value)
  await expect(client.callTool({ name: 'echo', arguments: { message } })).rejects.toThrow(
    /413|large/i
  )
})

test('it ends with what opened it, and leaves nothing behind', async () => {
  const { enter, ending, closed, url, watched } = await setup()
  await enter('legacy')
  await enter('modern')
  ending.abort(new LumosError('SHUTTING_DOWN'))
  await closed
  await expect(post(url, {})).rejects.toThrow('ECONNREFUSED')
  expect(watched()).toBe(0)
})

test('a port that is taken is said to be', async () => {
  const { door, url, ending } = await setup()
  const port = Number(new URL(url).port)
  await expect(door.openHttp({ port, token: TOKEN }, ending.signal)).rejects.toMatchObject({
    code: 'LISTEN_FAILED'
  })
})
