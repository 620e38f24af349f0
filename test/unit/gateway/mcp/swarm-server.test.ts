/** The swarm as an MCP server, with the official SDK's client, over both kinds of revisions. */
import { expect, test, vi } from 'vitest'
import type { RunRequest } from '../../../../client/api.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import {
  accepted,
  agentOf,
  answered,
  asked,
  createTestDoor,
  ended,
  said,
  story
} from '../../../support/mcp-door.ts'
import type { Revision } from '../../../support/mcp-door.ts'

const REVISIONS: readonly Revision[] = ['legacy', 'modern']

const echo = agentOf('echo', 'birch')

/** Nobody looks into it. */
const TASK = {} as Awaited<ReturnType<ControlOperations['answerTask']>>

test.for(REVISIONS)(
  'an agent is one tool, whatever number of nodes have it (%s)',
  async (revision) => {
    const here = { local: true, description: 'says it again' }
    const { connect } = createTestDoor({
      agents: [agentOf('echo', 'birch'), agentOf('echo', 'oak', here), agentOf('clock', 'oak')]
    })
    const client = await connect(revision)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['find_agents', 'answer_task', 'clock', 'echo'])
    const tool = tools.find(({ name }) => name === 'echo')
    expect(tool?.description).toMatch(/^says it again\n.*"echo it".*on: birch, oak\.$/s)
    expect(tool?.inputSchema).toMatchObject({ required: ['message'] })
  }
)

test('descriptions by peers are cut, and rid of what nobody can see', async () => {
  const description = `good\u001b[2J\u{E0041}\u202e ${'x'.repeat(5000)}`
  const { connect } = createTestDoor({ agents: [agentOf('echo', 'birch', { description })] })
  const client = await connect('legacy')
  const { tools } = await client.listTools()
  const told = tools.find(({ name }) => name === 'echo')?.description ?? ''
  expect(told).toMatch(/^good\[2J x+…$/)
  expect(told).toHaveLength(LIMITS.mcpTextLength.value)
})

test('no more agents are offered than a client can bear', async () => {
  const agents = Array.from({ length: 600 }, (_, index) => agentOf(`a${index}`, 'birch'))
  const { connect } = createTestDoor({ agents })
  const { tools } = await (await connect('legacy')).listTools()
  expect(tools).toHaveLength(LIMITS.mcpToolsServed.value + 2)
})

test.for(REVISIONS)(
  'a call is a task, what it says on the way is progress (%s)',
  async (revision) => {
    const run = vi.fn<ControlOperations['run']>(() =>
      story(accepted('t1'), said('hel'), said('lo'), ended('t1', 'hello'))
    )
    const { connect } = createTestDoor({ agents: [echo], operations: { run } })
    const client = await connect(revision)
    const told: (string | undefined)[] = []
    const result = await client.callTool(
      {
        name: 'echo',
        arguments: { message: 'hello', node: 'birch', context: 'c1', timeout_seconds: 7 }
      },
      { onprogress: ({ message }) => told.push(message) }
    )
    expect(told).toEqual(['hel', 'lo'])
    expect(result).toMatchObject({
      content: [{ type: 'text', text: 'hello' }],
      structuredContent: { task: 't1', state: 'TASK_STATE_COMPLETED', node: 'birch' }
    })
    expect(run.mock.lastCall?.[0]).toEqual({
      target: '@echo',
      text: 'hello',
      to: 'birch',
      contextId: 'c1',
      timeoutMs: 7000,
      cancelOnDisconnect: true
    } satisfies RunRequest)
  }
)

test('a task that fails is a result that says why and what to do', async () => {
  const error = new LumosError('NO_ROUTE', { details: { capability: 'echo' } }).toWire()
  const failed = { task: { id: 't1', state: 'TASK_STATE_FAILED' as const, artifacts: [] }, error }
  const { connect } = createTestDoor({
    agents: [echo],
    operations: { run: () => story(accepted('t1'), ended('t1', '', failed)) }
  })
  const client = await connect('legacy')
  const result = await client.callTool({ name: 'echo', arguments: { message: 'x' } })
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/no reachable peer .*NO_ROUTE.*\nlumos find echo/s) }]
  })
})

test('files and images come as what they are', async () => {
  const parts = [
    { raw: 'AAAA', mediaType: 'image/png' },
    { raw: 'AAAA', mediaType: 'application/zip', filename: 'a b.zip' },
    { url: 'https://example.org/x' },
    { data: { a: 1 } }
  ]
  const artifacts = [{ artifactId: 'result', parts }]
  const task = { id: 't1', state: 'TASK_STATE_COMPLETED' as const, artifacts }
  const { connect } = createTestDoor({
    agents: [echo],
    operations: { run: () => story(ended('t1', '', { task })) }
  })
  const client = await connect('legacy')
  const { content } = await client.callTool({ name: 'echo', arguments: { message: 'x' } })
  expect(content).toEqual([
    { type: 'image', data: 'AAAA', mimeType: 'image/png' },
    {
      type: 'resource',
      resource: { uri: 'lumos-part:a%20b.zip', blob: 'AAAA', mimeType: 'application/zip' }
    },
    { type: 'resource_link', uri: 'https://example.org/x', name: 'https://example.org/x' },
    { type: 'text', text: '{\n  "a": 1\n}' }
  ])
})

test.for([
  ['nobody', { message: 'x' }, /AGENT_UNKNOWN/],
  ['echo', {}, /message: .*INVALID_REQUEST/],
  ['echo', { message: 'x', command: 'rm' }, /INVALID_REQUEST/],
  ['find_agents', {}, /query: .*INVALID_REQUEST/]
] as const)('%s with %o is refused in words', async ([name, input, reason]) => {
  const { connect } = createTestDoor({ agents: [echo] })
  const client = await connect('legacy')
  const result = await client.callTool({ name, arguments: { ...input } })
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(reason) }]
  })
})

/** A task that runs until its listener goes. */
function endless() {
  const ends: unknown[] = []
  const begun = Promise.withResolvers<void>()
  async function* run(_: RunRequest, signal: AbortSignal) {
    yield accepted('t1')
    begun.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    ends.push(signal.reason)
  }
  return { run, ends, begun: begun.promise }
}

test.for(REVISIONS)('a cancelled call ends its task (%s)', async (revision) => {
  const { run, ends, begun } = endless()
  const { connect } = createTestDoor({ agents: [echo], operations: { run } })
  const client = await connect(revision)
  const cancelled = new AbortController()
  const result = client.callTool(
    { name: 'echo', arguments: { message: 'x' } },
    { signal: cancelled.signal }
  )
  await begun
  cancelled.abort(new Error('enough'))
  await expect(result).rejects.toThrow('enough')
  await expect.poll(() => ends).toHaveLength(1)
  expect(ends[0]).not.toMatchObject({ code: 'SHUTTING_DOWN' })
})

test('a client that goes away ends its tasks; a node that stops leaves them to its successor', async () => {
  for (const gone of ['client', 'node']) {
    const { run, ends, begun } = endless()
    const { connect, ending } = createTestDoor({ agents: [echo], operations: { run } })
    const client = await connect('legacy')
    const result = client.callTool({ name: 'echo', arguments: { message: 'x' } })
    result.catch(() => {})
    await begun
    if (gone === 'client') await client.close()
    else ending.abort(new LumosError('SHUTTING_DOWN'))
    await expect(result).rejects.toThrow(/closed/i)
    await expect.poll(() => ends).toHaveLength(1)
    const stopped = ends[0] instanceof LumosError && ends[0].code === 'SHUTTING_DOWN'
    expect(stopped).toBe(gone === 'node')
  }
})

test('a question comes back with the task’s id, and answer_task goes on with it', async () => {
  const answerTask = vi.fn<ControlOperations['answerTask']>(async () => TASK)
  async function* taskEvents() {
    const messageId = answerTask.mock.lastCall?.[1].messageId ?? ''
    yield* story(accepted('t1'), said('hm'), asked('Which city?', 3))
    yield* story(answered(messageId), said('Rome it is'), ended('t1', 'booked'))
  }
  const { connect } = createTestDoor({
    agents: [echo],
    operations: {
      run: () => story(accepted('t1'), asked('Which city?', 3)),
      answerTask,
      taskEvents
    }
  })
  const client = await connect('legacy')
  const question = await client.callTool({ name: 'echo', arguments: { message: 'book' } })
  expect(question.isError).toBeUndefined()
  expect(JSON.stringify(question.content)).toMatch(/Which city\?.*answer_task.*t1/)
  const told: (string | undefined)[] = []
  const result = await client.callTool(
    { name: 'answer_task', arguments: { task: 't1', text: 'Rome' } },
    { onprogress: ({ message }) => told.push(message) }
  )
  expect(answerTask).toHaveBeenCalledWith('t1', expect.objectContaining({ text: 'Rome' }))
  expect(told).toEqual(['Rome it is'])
  expect(result.content).toEqual([{ type: 'text', text: 'booked' }])
})

test.for(REVISIONS)(
  'a client that can ask its person does so, within the call (%s)',
  async (revision) => {
    const answerTask = vi.fn<ControlOperations['answerTask']>(async () => TASK)
    const booked = [
      accepted('t1'),
      asked('Which city?', 3),
      answered('mcp-3'),
      ended('t1', 'booked')
    ]
    const { connect } = createTestDoor({
      agents: [echo],
      operations: {
        run: () => story(accepted('t1'), asked('Which city?', 3)),
        answerTask,
        taskEvents: () => story(...booked)
      }
    })
    const client = await connect(revision, { capabilities: { elicitation: {} } })
    const questions: unknown[] = []
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      questions.push(params.message)
      return { action: 'accept', content: { answer: 'Rome' } }
    })
    const result = await client.callTool({ name: 'echo', arguments: { message: 'book' } })
    expect(questions).toEqual(['Which city?'])
    expect(answerTask).toHaveBeenCalledWith('t1', { text: 'Rome', messageId: 'mcp-3' })
    expect(result.content).toEqual([{ type: 'text', text: 'booked' }])
  }
)

test('a person who declines leaves the task waiting', async () => {
  const answerTask = vi.fn<ControlOperations['answerTask']>(async () => TASK)
  const { connect } = createTestDoor({
    agents: [echo],
    operations: { run: () => story(accepted('t1'), asked('Which city?', 3)), answerTask }
  })
  const client = await connect('legacy', { capabilities: { elicitation: {} } })
  client.setRequestHandler('elicitation/create', async () => ({ action: 'decline' }))
  const result = await client.callTool({ name: 'echo', arguments: { message: 'book' } })
  expect(JSON.stringify(result)).toMatch(/t1 waits/)
  expect(answerTask).not.toHaveBeenCalled()
})

test.for(REVISIONS)(
  'agents that come or go are told of, once for all of a node (%s)',
  async (revision) => {
    const clock = new ManualClock()
    const { connect, change, watched } = createTestDoor({ agents: [echo], clock })
    const onChanged = vi.fn<() => void>()
    const client = await connect(revision, {
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged } }
    })
    await client.listTools()
    change([echo, agentOf('clock', 'oak')])
    change([echo, agentOf('clock', 'oak'), agentOf('calc', 'oak')])
    await clock.advance(200)
    await expect.poll(() => onChanged.mock.calls).toHaveLength(1)
    change([echo, agentOf('clock', 'oak'), agentOf('calc', 'oak')])
    await clock.advance(200)
    expect((await client.listTools()).tools).toHaveLength(5)
    expect(onChanged).toHaveBeenCalledOnce()
    await client.close()
    await expect.poll(watched).toBe(0)
  }
)

test('find_agents names who can do something', async () => {
  const { connect } = createTestDoor()
  const client = await connect('legacy')
  const result = await client.callTool({ name: 'find_agents', arguments: { query: 'echo' } })
  expect(result).toMatchObject({
    content: [{ text: 'echo on amber-otter, echo.say: says it again' }],
    structuredContent: { providers: [{ agent: 'echo', node: 'amber-otter' }] }
  })
})
