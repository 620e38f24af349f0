/** Agents of real frameworks, hosted unchanged on one node and asked from another. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { answer, ask, known, PROJECTS, SOON, startHostingSwarm } from './swarm.ts'
import type { HostingSwarm, Story } from './swarm.ts'

let swarm: HostingSwarm

beforeAll(async () => {
  if (!readdirSync(import.meta.dirname).includes('node_modules')) {
    throw new Error('npm ci --prefix test/hosting')
  }
  swarm = await startHostingSwarm()
  const database = `DATABASE_URL=file:${join(swarm.folder, 'mastra.db')}`
  await swarm.host(join(PROJECTS, 'mastra'), '--env', database)
  await swarm.host(join(PROJECTS, 'ai-sdk/agent.ts'))
  await swarm.host(join(PROJECTS, 'openai-agents/agent.ts'))
  await swarm.host(join(PROJECTS, 'langgraph'))
  for (const agent of ['weather-agent', 'cleaner-agent', 'librarian', 'support-agent', 'planner']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is soon enough
    await known(swarm.beta, agent)
  }
}, 120_000)

afterAll(() => swarm[Symbol.asyncDispose](), 30_000)

function call(tool: string, input: object, then = 'done'): string {
  return `!call ${tool} ${JSON.stringify(input)}\n!then\n!say ${then}`
}

function tools({ steps }: Story) {
  return steps.flatMap((step) => {
    if (step.kind === 'tool-start') return [['start', step.tool, step.input]]
    return step.kind === 'tool-end' ? [['end', step.tool, step.ok ? step.output : step.error]] : []
  })
}

interface Case {
  readonly agent: string
  readonly tool: string
  readonly input: object
  readonly output: unknown
}

const CASES: readonly Case[] = [
  {
    agent: 'weather-agent',
    tool: 'weatherTool',
    input: { city: 'Rome' },
    output: { city: 'Rome', degrees: 21 }
  },
  {
    agent: 'librarian',
    tool: 'findBook',
    input: { title: 'Momo' },
    output: { title: 'Momo', shelf: 7 }
  },
  {
    agent: 'support-agent',
    tool: 'look_up',
    input: { order: '7' },
    output: { order: '7', state: 'sent' }
  },
  { agent: 'planner', tool: 'look_around', input: { place: 'Oslo' }, output: 'sunny in Oslo' }
]

describe.each(CASES)('$agent', ({ agent, tool, input, output }) => {
  test('streams its text to another node, piece by piece', async () => {
    const story = await ask(swarm.beta, agent, '!tokens 40\n!every 2')
    expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', worker: 'alpha' })
    expect(story.text.trim().split(/\s+/)).toHaveLength(40)
    expect(story.pieces.length).toBeGreaterThan(5)
  })

  test('tells what its tools are called with, and what they return', async () => {
    const story = await ask(swarm.beta, agent, call(tool, input, 'all is well'))
    expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'all is well' })
    expect(tools(story)).toEqual([
      ['start', tool, input],
      ['end', tool, output]
    ])
  })

  test('is cancelled up to its request to the model', async () => {
    const before = swarm.model.closedEarly
    const running = swarm.beta.client.run({ target: agent, text: '!tokens 5000\n!every 20' })
    let id = ''
    for await (const event of running) {
      if (event.type === 'accepted') id = event.task.id
      if (event.type === 'artifact') break
    }
    await swarm.beta.client.cancel(id)
    await vi.waitFor(() => expect(swarm.model.closedEarly).toBe(before + 1), SOON)
    const { task } = await swarm.beta.client.task(id)
    expect(task.state).toBe('TASK_STATE_CANCELED')
  })

  test('fails when its model does, and tells the caller no more than that', async () => {
    const story = await ask(swarm.beta, agent, '!fail 400')
    expect(story.state).toBe('TASK_STATE_FAILED')
    expect(story.error).toMatchObject({ code: 'AGENT_FAILED', details: { agent } })
    expect(JSON.stringify(story.error)).not.toContain('400')
  })
})

const APPROVALS = [
  { agent: 'cleaner-agent', tool: 'deleteTool', input: { id: 'r1' }, output: { deleted: 'r1' } },
  { agent: 'librarian', tool: 'burnBook', input: { title: 'Momo' }, output: { burnt: 'Momo' } },
  { agent: 'support-agent', tool: 'refund', input: { order: '7' }, output: 'refunded 7' }
] as const

describe.each(APPROVALS)('$agent asks before it calls $tool', ({ agent, tool, input, output }) => {
  test('and goes on when it may', async () => {
    const asked = await ask(swarm.beta, agent, call(tool, input, 'it is done'))
    expect(asked.state).toBe('waiting')
    expect(asked.question).toContain(`${JSON.stringify(input)}? Answer yes or no.`)
    const story = await answer(swarm.beta, asked.id, 'yes')
    expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'it is done' })
    expect(tools(story)).toContainEqual(['end', expect.any(String), output])
  })

  test('and does not call it when the answer is anything but yes', async () => {
    const asked = await ask(swarm.beta, agent, call(tool, input, 'then not'))
    const story = await answer(swarm.beta, asked.id, 'better not, yes?')
    expect(story.state).toBe('TASK_STATE_COMPLETED')
    expect(tools(story)).not.toContainEqual(['end', expect.any(String), output])
  })
})

test('a graph that interrupts itself is given the answer', async () => {
  const asked = await ask(swarm.beta, 'planner', call('book_trip', { place: 'Oslo' }, 'booked'))
  expect(asked).toMatchObject({ state: 'waiting', question: 'Book a trip to Oslo?' })
  const story = await answer(swarm.beta, asked.id, 'with pleasure')
  expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'booked' })
  expect(tools(story)).toContainEqual(['end', 'book_trip', 'with pleasure: Oslo'])
})

test('a graph without messages takes its state as data, and gives it back', async () => {
  const story = await ask(swarm.beta, 'counter', '{"words": "one two three"}')
  expect(story).toMatchObject({ data: { words: 'one two three', count: 3 } })
  const wrong = await ask(swarm.beta, 'counter', 'just words')
  expect(wrong.error).toMatchObject({ code: 'AGENT_INPUT' })
})

test('an agent with memory is in the same thread as long as the context is the same', async () => {
  const contextId = crypto.randomUUID()
  await ask(swarm.beta, 'weather-agent', { text: 'my cat is called Tom', contextId })
  const asked = async (context: string): Promise<string> => {
    await ask(swarm.beta, 'weather-agent', { text: 'what is it called?', contextId: context })
    return JSON.stringify(swarm.model.requests.at(-1)?.body['messages'])
  }
  expect(await asked(contextId)).toContain('my cat is called Tom')
  expect(await asked(crypto.randomUUID())).not.toContain('my cat is called Tom')
})

test('an approval outlives the process of its project, and the node', async () => {
  const asked = await ask(swarm.beta, 'cleaner-agent', call('deleteTool', { id: 'r2' }, 'gone'))
  const { code } = await swarm.alpha.lumos.run(['restart'])
  expect(code).toBe(0)
  const story = await answer(swarm.beta, asked.id, 'yes')
  expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'gone' })
  const hosts = await swarm.alpha.client.hosts.list()
  expect(hosts.hosts.map(({ name, state }) => [name, state])).toEqual([
    ['weather-shop', 'ready'],
    ['ai-sdk', 'ready'],
    ['openai-agents', 'ready'],
    ['graphs', 'ready']
  ])
})
