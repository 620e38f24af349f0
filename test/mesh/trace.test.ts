/** Where the time of a task went, told by four nodes with no collector: to who asked, and to nobody else. */
import { expect, onTestFinished, test } from 'vitest'
import type { TraceSpan } from '../../client/trace-api.ts'
import { LIMITS } from '../../core/limits.ts'
import { spanOfTask } from '../../core/trace.ts'
import type { Assembly } from '../../node/assembly.ts'
import { traceTask } from '../../node/operations/task-trace.ts'
import { decodeTraceAnswer, encodeTrace } from '../../protocols/trace/messages.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startChain } from '../support/chained-nodes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const SECRET = 'correct horse battery staple'

/** a asks first (on b), which asks second (on c), which asks third (on d); each remembers something. */
async function setup() {
  const first = testAgent('first', async function* (request) {
    await request.memory.space().put('noted', { text: request.text })
    yield JSON.stringify(await request.ask('@second', request.text))
  })
  const second = testAgent('second', async function* (request) {
    yield JSON.stringify(await request.ask('@third', request.text))
  })
  const third = testAgent('third', async function* ({ text }) {
    yield text
  })
  const agents = { b: [first], c: [second], d: [third] }
  const nodes = await startChain(await temporaryDirectory(), agents)
  onTestFinished(() => nodes.stop())
  const { delegations } = nodes.a.work
  async function ask(target: string): Promise<string> {
    const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: SECRET }] }
    const { id } = await delegations.delegate({ target, message, patient: true })
    await Array.fromAsync(delegations.watch(id))
    return id
  }
  return { nodes, ask }
}

function story(spans: readonly TraceSpan[]): string[] {
  return spans.map(
    ({ depth, node, name, subject }) => `${'  '.repeat(depth)}${node.name} ${name} ${subject}`
  )
}

test('the spans of four nodes are one tree, in which each hangs below what it came of', async () => {
  const { nodes, ask } = await setup()
  const task = await ask('@first')
  const { spans, missing, trace, dropped } = await traceTask(nodes.a, task)
  expect(story(spans)).toEqual([
    'a task @first',
    '  a route b',
    '  a attempt b',
    '    b accept first',
    '    b run first',
    '      b memory put',
    '      b task @second',
    '        b route c',
    '        b attempt c',
    '          c accept second',
    '          c run second',
    '            c task @third',
    '              c route d',
    '              c attempt d',
    '                d accept third',
    '                d run third'
  ])
  expect(spans[0]?.id).toBe(spanOfTask(task))
  expect({ trace, missing, dropped }).toEqual({
    trace: task.replaceAll('-', ''),
    missing: [],
    dropped: 0
  })
  const byId = new Map(spans.map((span) => [span.id, span]))
  for (const { parent, startMs, tookMs, error } of spans) {
    expect(startMs).toBeGreaterThanOrEqual(byId.get(parent)?.startMs ?? 0)
    expect(tookMs).not.toBeNull()
    expect(error).toBe('')
  }
  expect(JSON.stringify(spans)).not.toContain(SECRET)
})

test('a peer reads what came of its own tasks, and nothing above or beside them', async () => {
  const { nodes, ask } = await setup()
  const task = await ask('@first')
  const { spans, trace } = await traceTask(nodes.a, task)
  const [b, d] = ['b', 'd'].map((name) => spans.find(({ node }) => node.name === name)?.node.id)
  const second = spans.find(({ subject }) => subject === '@second')?.attributes['task']
  const { a } = nodes
  async function read(tasks: readonly string[], peer = b ?? ''): Promise<readonly string[]> {
    const body = encodeTrace({ v: 1, trace, tasks, hops: LIMITS.agentAskDepth.value })
    const session = await a.wire.sessions.connect(peer)
    const told = decodeTraceAnswer(await session.request('trace.read', body))
    return told.spans.map(({ node, name }) => `${node.name} ${name}`)
  }
  expect(await read([task])).toContain('d run')
  // b asked for that one, and a did not.
  expect(await read([String(second)])).toEqual([])
  expect(await read([task], d)).toEqual([])
})

test('a node that has gone is named, and what the others know is shown', async () => {
  const { nodes, ask } = await setup()
  const task = await ask('@first')
  await gone(nodes.a, 'b')
  const { spans, missing } = await traceTask(nodes.a, task)
  expect(story(spans)).toEqual(['a task @first', '  a route b', '  a attempt b'])
  expect(missing).toEqual([{ id: expect.any(String), name: 'b', why: 'away' }])
})

/** The session is closed; nobody dials just to tell where time went. */
async function gone({ wire }: Assembly, name: string): Promise<void> {
  const session = wire.sessions.all().find(({ hello }) => hello.name === name)
  await wire.sessions.disconnect(session?.peer ?? '')
}
