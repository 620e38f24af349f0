/** W3C trace context through the doors over HTTP: what a request is part of goes on in its task, and comes back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskDocument, TaskList } from '../../client/api.ts'
import type { TaskTrace } from '../../client/trace-api.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { enter } from '../support/mcp-http.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

let node: HttpNode
let token: string

const echo = testAgent('echo', async function* ({ text }) {
  yield text
})

beforeAll(async () => {
  node = await startHttpNode([echo])
  token = await node.token()
})

afterAll(() => node.stop())

interface Ask {
  readonly path: string
  readonly body?: object
  readonly traceparent?: string
  readonly as?: string
}

async function ask({ path, body, traceparent, as = token }: Ask) {
  const answer = await fetch(`${node.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${as}`,
      ...(traceparent !== undefined && { traceparent }),
      ...(body !== undefined && { 'content-type': 'application/json' })
    },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  const text = await answer.text()
  return { status: answer.status, given: answer.headers.get('traceparent'), text }
}

const message = () => ({
  messageId: crypto.randomUUID(),
  role: 'ROLE_USER',
  parts: [{ text: 'hello' }]
})

const DOORS: readonly (readonly [string, () => Pick<Ask, 'path' | 'body'>])[] = [
  [
    'A2A in JSON-RPC',
    () => ({
      path: '/agents/echo',
      body: { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: message() } }
    })
  ],
  ['A2A in REST', () => ({ path: '/agents/echo/message:send', body: { message: message() } })],
  [
    'chat completions of OpenAI',
    () => ({
      path: '/v1/chat/completions',
      body: { model: 'echo', messages: [{ role: 'user', content: 'hello' }] }
    })
  ],
  ['the control API', () => ({ path: '/v1/run', body: { target: 'echo', text: 'hello' } })]
]

test.for(DOORS)('%s: the task is part of what the request is part of', async ([, request]) => {
  const { status, given } = await ask({ ...request(), traceparent: `00-${TRACE}-${SPAN}-01` })
  expect(status).toBe(200)
  expect(given).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
  expect(given).not.toContain(SPAN)
})

test.for(DOORS)('%s: a request without a trace learns the one it began', async ([, request]) => {
  const { given } = await ask(request())
  expect(given).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(given).not.toContain(TRACE)
})

test('a call of an MCP client is part of what the call is part of', async () => {
  const headers = { traceparent: `00-${TRACE}-${SPAN}-01` }
  const who = await node.token()
  const client = await enter(`${node.url}/mcp`, '2025-11-25', { who, headers })
  await client.callTool({ name: 'echo', arguments: { message: 'hello' } })
  const list = await ask({ path: '/v1/tasks', as: who })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the route's schema checked it
  const { tasks } = JSON.parse(list.text) as TaskList
  const one = await ask({ path: `/v1/tasks/${tasks[0]?.id}`, as: who })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  expect((JSON.parse(one.text) as TaskDocument).task.chain).toMatchObject({
    trace: TRACE,
    span: SPAN
  })
})

test.for(['', 'x', `00-${'0'.repeat(32)}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`.repeat(5)])(
  'a header that is none begins a trace of its own: %j',
  async (traceparent) => {
    const { status, given } = await ask({
      path: '/v1/run',
      body: { target: 'echo', text: 'x' },
      traceparent
    })
    expect(status).toBe(200)
    expect(given).toMatch(/^00-(?!0{32})[0-9a-f]{32}-/)
    expect(given).not.toContain(TRACE)
  }
)

test('what is not to be sampled stays so', async () => {
  const traceparent = `00-${TRACE}-${SPAN}-00`
  const { given } = await ask({ path: '/v1/run', body: { target: 'echo', text: 'x' }, traceparent })
  expect(given).toMatch(/-00$/)
})

test('who asked sees where its time went, and nobody else does', async () => {
  const taskId = crypto.randomUUID()
  await ask({ path: '/v1/run', body: { target: 'echo', text: 'hello', taskId } })
  const path = `/v1/tasks/${taskId}/trace`
  const { status, text } = await ask({ path })
  expect(status).toBe(200)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the route's schema checked it
  const { spans } = JSON.parse(text) as TaskTrace
  expect(spans.map(({ name }) => name)).toEqual(['task', 'route', 'attempt', 'accept', 'run'])
  expect((await ask({ path, as: await node.token() })).status).toBe(404)
})
