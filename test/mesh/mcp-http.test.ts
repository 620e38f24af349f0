/** MCP clients at the door of a whole node: their calls are tasks of theirs, by whatever door one looks. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { testAgent } from '../support/a2a-nodes.ts'
import { fetchWith, startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { enter } from '../support/mcp-http.ts'
import { PATIENCE } from '../support/patience.ts'

let node: HttpNode
let go = Promise.withResolvers<void>()

/** Says one word, and the other when it is let. */
const talker = testAgent('talker', async function* ({ text, signal }) {
  yield `${text} `
  await Promise.race([go.promise, once(signal, 'abort')])
  signal.throwIfAborted()
  yield 'indeed'
})

beforeAll(async () => {
  node = await startHttpNode([talker])
})

afterAll(() => node.stop())

async function tasksOf(token: string): Promise<unknown> {
  const answer = await fetchWith(token)(`${node.url}/a2a/tasks`, {
    headers: { 'a2a-version': '1.0' }
  })
  return answer.json()
}

/** A way to the node that can be cut. */
async function startCable(): Promise<{ readonly url: string; cut(): void }> {
  const sockets = new Set<Socket>()
  const { port } = new URL(node.url)
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on TCP has a port
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut }
}

test.for(['2025-06-18', '2025-11-25'] as const)(
  'a call whose way is cut goes on where it was, and is a task of its caller (%s)',
  async (version) => {
    go = Promise.withResolvers()
    const token = await node.token()
    const cable = await startCable()
    const client = await enter(`${cable.url}/mcp`, version, { who: token })
    const told: string[] = []
    const result = client.callTool(
      { name: 'talker', arguments: { message: 'well', context: 'our talk' } },
      { onprogress: ({ message = '' }) => told.push(message) }
    )
    await vi.waitFor(() => expect(told).toEqual(['well ']), PATIENCE)
    cable.cut()
    go.resolve()
    expect(await result).toMatchObject({
      content: [{ type: 'text', text: 'well indeed' }],
      structuredContent: { state: 'TASK_STATE_COMPLETED' }
    })
    expect(told).toEqual(['well ', 'indeed'])
    expect(await tasksOf(token)).toMatchObject({
      tasks: [{ contextId: 'our talk', status: { state: 'TASK_STATE_COMPLETED' } }]
    })
    expect(await tasksOf(await node.token())).toMatchObject({ tasks: [] })
  }
)

test('a call without a session whose way is cut is a task that was cancelled (2026-07-28)', async () => {
  go = Promise.withResolvers()
  const token = await node.token()
  const cable = await startCable()
  const client = await enter(`${cable.url}/mcp`, '2026-07-28', { who: token })
  const told: string[] = []
  client
    .callTool(
      { name: 'talker', arguments: { message: 'well' } },
      { onprogress: ({ message = '' }) => told.push(message) }
    )
    .catch(() => undefined)
  await vi.waitFor(() => expect(told).toEqual(['well ']), PATIENCE)
  cable.cut()
  await vi.waitFor(
    async () =>
      expect(await tasksOf(token)).toMatchObject({
        tasks: [{ status: { state: 'TASK_STATE_CANCELED' } }]
      }),
    PATIENCE
  )
})

test('what a caller may not see is not offered', async () => {
  const token = await node.token(['memory/read'])
  const client = await enter(`${node.url}/mcp`, '2025-11-25', { who: token })
  await expect(client.listTools()).rejects.toMatchObject({ code: -32_602 })
  expect(await client.listResources()).toEqual({ resources: [] })
})
