/** MCP over HTTP: whose sessions and tasks they are, streams that are cut, and both kinds of revisions. */
import type { Client } from '@modelcontextprotocol/client'
import { expect, test, vi } from 'vitest'
import type { RunEvent } from '../../../../client/api.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { createMcpHttp, GREETING, VERSIONS } from '../../../support/mcp-http.ts'
import type { Version } from '../../../support/mcp-http.ts'
import { accepted, asked as askedFor, ended, said, story } from '../../../support/mcp-door.ts'
import { PATIENCE } from '../../../support/patience.ts'

const WITH_SESSIONS = VERSIONS.filter((version) => version < '2026')
const ECHO = { name: 'echo', arguments: { message: 'x' } }

/** A task that tells its parts one after the other, when it is let. */
function steps(...parts: readonly string[]) {
  const doors = parts.map(() => Promise.withResolvers<void>())
  let signal: AbortSignal | undefined
  async function* runFor(_: string, __: object, given: AbortSignal): AsyncGenerator<RunEvent> {
    signal = given
    yield accepted('t1')
    for (const [at, text] of parts.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await Promise.race([doors[at]?.promise, aborted(given)])
      given.throwIfAborted()
      yield said(text)
    }
    yield ended('t1', parts.join(''))
  }
  return {
    runFor,
    let: (at: number) => doors[at]?.resolve(),
    isCancelled: () => signal?.aborted === true
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function callEcho(client: Client) {
  const told: string[] = []
  const result = client.callTool(ECHO, { onprogress: ({ message = '' }) => told.push(message) })
  result.catch(() => undefined)
  return { told, result }
}

test.for(VERSIONS)('tools are listed and called, with progress (%s)', async (version) => {
  const { enter } = await createMcpHttp({
    operations: {
      runFor: () => story(accepted('t1'), said('hel'), said('lo'), ended('t1', 'hello'))
    }
  })
  const client = await enter(version)
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo')
  const { told, result } = callEcho(client)
  expect((await result).content).toEqual([{ type: 'text', text: 'hello' }])
  expect(told).toEqual(['hel', 'lo'])
})

test.for(WITH_SESSIONS)(
  'who is cut off in the middle of a call loses nothing (%s)',
  async (version) => {
    const task = steps('a', 'b', 'c')
    const { enter, cut } = await createMcpHttp({ operations: { runFor: task.runFor } })
    const { told, result } = callEcho(await enter(version))
    task.let(0)
    await vi.waitFor(() => expect(told).toEqual(['a']), PATIENCE)
    cut()
    // While nobody listens.
    task.let(1)
    await vi.waitFor(() => expect(told).toEqual(['a', 'b']), PATIENCE)
    cut()
    task.let(2)
    expect((await result).content).toEqual([{ type: 'text', text: 'abc' }])
    expect(told).toEqual(['a', 'b', 'c'])
    expect(task.isCancelled()).toBe(false)
  }
)

test('what a call ends with is told to who was cut off before it heard anything', async () => {
  const task = steps('a')
  const { enter, cut } = await createMcpHttp({ operations: { runFor: task.runFor } })
  const client = await enter('2025-11-25')
  const { told, result } = callEcho(client)
  await vi.waitFor(() => expect(task.isCancelled()).toBe(false), PATIENCE)
  // A whole exchange later, the stream of the call is there for certain.
  await client.listTools()
  cut()
  task.let(0)
  expect((await result).content).toEqual([{ type: 'text', text: 'a' }])
  expect(told).toEqual(['a'])
})

test('without sessions, a stream that ends is a call that is cancelled (2026-07-28)', async () => {
  const task = steps('a', 'b')
  const { enter, cut } = await createMcpHttp({ operations: { runFor: task.runFor } })
  const { told } = callEcho(await enter('2026-07-28'))
  task.let(0)
  await vi.waitFor(() => expect(told).toEqual(['a']), PATIENCE)
  cut()
  await vi.waitFor(() => expect(task.isCancelled()).toBe(true), PATIENCE)
})

test.for(VERSIONS)('a cancelled call ends its task (%s)', async (version) => {
  const task = steps('a', 'b')
  const { enter } = await createMcpHttp({ operations: { runFor: task.runFor } })
  const client = await enter(version)
  const stop = new AbortController()
  const told: string[] = []
  const onprogress = ({ message = '' }): number => told.push(message)
  const result = client.callTool(ECHO, { signal: stop.signal, onprogress })
  result.catch(() => undefined)
  task.let(0)
  await vi.waitFor(() => expect(told).toEqual(['a']), PATIENCE)
  stop.abort(new Error('enough'))
  await expect(result).rejects.toThrow('enough')
  await vi.waitFor(() => expect(task.isCancelled()).toBe(true), PATIENCE)
})

test.for(['2025-11-25', '2026-07-28'] as const)(
  'agents that come are told of (%s)',
  async (version) => {
    const { enter, grow } = await createMcpHttp()
    const onChanged = vi.fn<() => void>()
    const watched = { autoRefresh: false, debounceMs: 0, onChanged }
    const client = await enter(version, 'ann', { listChanged: { tools: watched } })
    await client.listTools()
    await vi.waitFor(() => {
      grow()
      expect(onChanged).toHaveBeenCalled()
    }, PATIENCE)
  }
)

test("another caller's session, and what was told in it, are not found", async () => {
  const { ask, greet } = await createMcpHttp()
  const session = await greet()
  const headers = { 'mcp-session-id': session }
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  expect((await ask({ headers, body: list })).status).toBe(200)
  for (const attempt of [
    { body: list },
    { method: 'GET' },
    { method: 'GET', headers: { 'last-event-id': '1' } },
    { method: 'DELETE' }
  ]) {
    const more = { ...headers, ...attempt.headers }
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const theirs = await ask({ ...attempt, who: 'bob', headers: more })
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const nobodys = await ask({ ...attempt, headers: { ...more, 'mcp-session-id': 'gone' } })
    expect(theirs.status).toBe(404)
    expect(theirs.text).toBe(nobodys.text)
    expect(JSON.parse(theirs.text)).toMatchObject({ jsonrpc: '2.0', id: null, error: {} })
  }
  expect((await ask({ headers, body: list })).status).toBe(200)
})

test('a session is over for who comes to it as somebody of another tenant', async () => {
  const { ask, greet } = await createMcpHttp()
  const headers = { 'mcp-session-id': await greet('ann-acme') }
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  expect((await ask({ who: 'ann-acme', headers, body })).status).toBe(200)
  expect((await ask({ who: 'ann-beta', headers, body })).status).toBe(404)
  expect((await ask({ who: 'ann-acme', headers, body })).status).toBe(404)
})

test("another caller's task looks like one that is not there", async () => {
  const runs: string[] = []
  const { enter } = await createMcpHttp({
    owners: { mine: 'http:ann', theirs: 'http:bob' },
    operations: {
      async answerTask(id) {
        runs.push(id)
        throw new Error('ours')
      },
      runFor: (owner) => {
        runs.push(owner)
        return story(accepted('t1'), askedFor('which?', 5))
      }
    }
  })
  const client = await enter('2025-11-25')
  await client.callTool(ECHO)
  const [theirs, nobodys] = await Promise.all(
    ['theirs', 'nobodys'].map((task) =>
      client.callTool({ name: 'answer_task', arguments: { task, text: 'x' } })
    )
  )
  expect(theirs).toMatchObject({ isError: true })
  expect(theirs?.content).toEqual(nobodys?.content)
  expect(runs).toEqual(['http:ann'])
  const mine = await client.callTool({
    name: 'answer_task',
    arguments: { task: 'mine', text: 'x' }
  })
  expect(runs).toEqual(['http:ann', 'mine'])
  // What breaks inside is not told.
  expect(JSON.stringify(mine.content)).not.toContain('ours')
})

test.for(['2025-11-25', '2026-07-28'] as const)(
  'a caller sees what its scopes let it, and each of its wishes is noted (%s)',
  async (version) => {
    const told = await createMcpHttp({ scopes: ['task/send'] })
    const worker = await told.enter(version)
    expect(worker.getServerCapabilities()).not.toHaveProperty('resources')
    await worker.callTool(ECHO)
    expect(told.asked).toContain('http:ann task.send echo')
    const reader = await (await createMcpHttp({ scopes: ['memory/read'] })).enter(version)
    expect(reader.getServerCapabilities()).toHaveProperty('resources')
    await expect(reader.listTools()).rejects.toThrow(/not allowed|may not|refused/i)
    expect(await reader.callTool(ECHO)).toMatchObject({ isError: true })
    expect(await reader.listResources()).toHaveProperty('resources')
  }
)

test('one caller has so many sessions: the one that was quiet for the longest gives way', async () => {
  const { greet, ask } = await createMcpHttp()
  const theirs = await greet('bob')
  const sessions: string[] = []
  for (let count = 0; count <= LIMITS.mcpCallerSessions.value; count++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    sessions.push(await greet())
  }
  const body = { jsonrpc: '2.0', id: 1, method: 'ping' }
  const status = async (id = '', who = 'ann'): Promise<number> =>
    (await ask({ who, headers: { 'mcp-session-id': id }, body })).status
  expect(await status(sessions[0])).toBe(404)
  expect(await status(sessions[1])).toBe(200)
  expect(await status(sessions.at(-1))).toBe(200)
  expect(await status(theirs, 'bob')).toBe(200)
})

test('an event that is not kept any more is said to be, rather than passed over', async () => {
  const { ask, greet } = await createMcpHttp()
  const headers = { 'mcp-session-id': await greet(), 'last-event-id': '999' }
  const { status, text } = await ask({ method: 'GET', headers })
  expect(status).toBe(400)
  expect(text).toContain('not kept')
})

test.for(VERSIONS)(
  'when the node stops, tasks go on and nobody is left waiting (%s)',
  async (version: Version) => {
    const task = steps('a', 'b')
    const reasons: unknown[] = []
    const { enter, mcp, watched, ask } = await createMcpHttp({
      operations: {
        async *runFor(owner, request, signal) {
          signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true })
          yield* task.runFor(owner, request, signal)
        }
      }
    })
    const client = await enter(version)
    const { told } = callEcho(client)
    task.let(0)
    await vi.waitFor(() => expect(told).toEqual(['a']), PATIENCE)
    await mcp.stop()
    expect(reasons).toMatchObject([{ code: 'SHUTTING_DOWN' }])
    expect(watched()).toBe(0)
    expect((await ask({ body: GREETING })).status).toBe(503)
  }
)
