/** A credential that ends takes along all that is still being told to its holder, by whatever door; tasks go on. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { HOUR, mcpCall, setup } from '../../../support/revocable-gateway.ts'
import type { Asking } from '../../../support/revocable-gateway.ts'

const rpc = (method: string, params: object) => ({ jsonrpc: '2.0', id: 7, method, params })
const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'go' }] }
const legacyMessage = {
  kind: 'message',
  messageId: 'm',
  role: 'user',
  parts: [{ kind: 'text', text: 'go' }]
}
const protoMessage = { messageId: 'm', role: 'ROLE_USER', content: [{ text: 'go' }] }
const task = { id: 'task' }

interface Kind extends Asking {
  readonly name: string
  /** What its last words are. */
  readonly last: RegExp
}

const RPC_END = /data: \{"jsonrpc":"2\.0","id":7,"error":\{.*API_TOKEN_REFUSED.*\n\n$/
const REST_END = /event: error\ndata: \{"error":\{"code":401,.*API_TOKEN_REFUSED.*\n\n$/
const LEGACY_END = /event: error\ndata: \{"code":-32600,.*API_TOKEN_REFUSED.*\n\n$/

const KINDS: readonly Kind[] = [
  {
    name: 'SendStreamingMessage',
    path: '/agents/echo',
    body: rpc('SendStreamingMessage', { message }),
    last: RPC_END
  },
  {
    name: 'SubscribeToTask',
    path: '/agents/echo',
    body: rpc('SubscribeToTask', task),
    last: RPC_END
  },
  {
    name: 'message/stream of 0.3',
    path: '/agents/echo',
    body: rpc('message/stream', { message: legacyMessage }),
    last: RPC_END
  },
  {
    name: 'tasks/resubscribe of 0.3',
    path: '/agents/echo',
    body: rpc('tasks/resubscribe', task),
    last: RPC_END
  },
  {
    name: 'message:stream',
    path: '/agents/echo/message:stream',
    body: { message },
    last: REST_END
  },
  { name: 'tasks/{id}:subscribe', path: '/agents/echo/tasks/task:subscribe', last: REST_END },
  {
    name: '/v1/message:stream of 0.3',
    path: '/agents/echo/v1/message:stream',
    body: { message: protoMessage },
    last: LEGACY_END
  },
  {
    name: '/v1/tasks/{id}:subscribe of 0.3',
    path: '/agents/echo/v1/tasks/task:subscribe',
    last: LEGACY_END
  },
  {
    name: 'a chat completion',
    path: '/v1/chat/completions',
    body: { model: 'echo', stream: true, messages: [{ role: 'user', content: 'go' }] },
    last: /data: \{"error":\{.*"code":"invalid_api_key"\}\}\n\n$/
  },
  {
    name: 'a response',
    path: '/v1/responses',
    body: { model: 'echo', stream: true, input: 'go' },
    last: /event: response\.failed\ndata: .*invalid_api_key.*\n\n$/
  },
  {
    name: 'events of a task (NDJSON)',
    path: '/v1/tasks/task/events',
    last: /\{"ok":false,"error":\{"code":"API_TOKEN_REFUSED".*\n$/
  },
  {
    name: 'events of the node',
    path: '/v1/events',
    last: /event: error\ndata: \{"ok":false,"error":\{"code":"API_TOKEN_REFUSED".*\n\n$/
  },
  {
    name: 'a call of a tool of MCP',
    ...mcpCall('tools/call', { name: 'echo', arguments: { message: 'x' } }, { 'mcp-name': 'echo' }),
    last: /\n$/
  },
  {
    name: 'subscriptions of MCP',
    ...mcpCall('subscriptions/listen', { notifications: { toolsListChanged: true } }),
    last: /\n$/
  }
]

test.for(KINDS)('$name ends when its token is taken back', async (kind) => {
  const { clock, tokens, noted, enter, listen } = await setup()
  const lost = await listen(await enter('lost'), kind)
  const kept = await listen(await enter('kept'), kind)
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  expect(lost.isOver()).toBe(false)
  await tokens.revoke('lost')
  expect(await lost.ended).toMatch(kind.last)
  expect(lost.heard()).not.toContain('(cut)')
  expect(noted.at(-1)).toMatchObject({ allowed: false, reason: 'API_TOKEN_REFUSED' })
  await clock.advance(10 * LIMITS.gatewayHeartbeat.value)
  expect(kept.isOver()).toBe(false)
})

test.for(KINDS)('$name ends when its token expires', async (kind) => {
  const { clock, enter, listen } = await setup()
  const lifetimeMs = 2.5 * LIMITS.gatewayHeartbeat.value
  const lost = await listen(await enter('lost', lifetimeMs), kind)
  const kept = await listen(await enter('kept'), kind)
  await clock.advance(lifetimeMs - 1)
  expect(lost.isOver()).toBe(false)
  await clock.advance(1)
  expect(await lost.ended).toMatch(kind.last)
  expect(kept.isOver()).toBe(false)
})

test('a session of MCP hears no more when its token is taken back', async () => {
  const { tokens, enter, ask, listen } = await setup()
  const token = await enter('lost')
  const clientInfo = { name: 'test', version: '0' }
  const greeting = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const welcome = await ask(token, { path: '/mcp', body: rpc('initialize', greeting) })
  const session = welcome.headers.get('mcp-session-id') ?? ''
  const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
  const params = { name: 'echo', arguments: { message: 'x' }, _meta: { progressToken: 1 } }
  const calling = await listen(token, { path: '/mcp', headers, body: rpc('tools/call', params) })
  await tokens.revoke('lost')
  expect(await calling.ended).not.toContain('(cut)')
})

const SENT = ['SendStreamingMessage', 'a chat completion', 'a response']

test.for(KINDS.filter(({ name }) => SENT.includes(name)))(
  'the task of $name goes on when its token is taken back',
  async (kind) => {
    const { clock, tokens, enter, listen, readers, cancel } = await setup()
    const { ended } = await listen(await enter('lost'), kind)
    expect(readers()).toBe(1)
    await tokens.revoke('lost')
    await clock.advance(LIMITS.gatewayHeartbeat.value)
    await ended
    expect(readers()).toBe(0)
    expect(cancel).not.toHaveBeenCalled()
  }
)

test('who waits for one whole answer is refused as well', async () => {
  const { clock, enter, ask, readers } = await setup()
  const answer = ask(await enter('lost', 1000), {
    path: '/agents/echo/message:send',
    body: { message }
  })
  await vi.waitFor(() => expect(readers()).toBe(1), PATIENCE)
  await clock.advance(1000)
  expect((await answer).status).toBe(401)
})

test('what has been answered is watched no more', async () => {
  const { clock, enter, ask } = await setup()
  const answer = await ask(await enter('once', HOUR), { path: '/v1/status' })
  await answer.text()
  // The book of tokens writes down that one was used.
  await vi.waitFor(() => expect(clock.pending).toBe(1), PATIENCE)
})
