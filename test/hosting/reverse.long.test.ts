/** The way back: agents of the swarm as subagents and tools of real Mastra, AI SDK and OpenAI agents. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { answer, ask, known, PROJECTS, SOON, startHostingSwarm } from './swarm.ts'
import type { HostingSwarm, Story } from './swarm.ts'

let swarm: HostingSwarm

beforeAll(async () => {
  swarm = await startHostingSwarm()
  const { code, stderr } = await swarm.beta.lumos.run(['host', join(PROJECTS, 'lumos/agents.ts')])
  if (code !== 0) throw new Error(stderr)
  await swarm.host(join(PROJECTS, 'reverse/agents.ts'))
  await known(swarm.alpha, 'greeter')
  await known(swarm.beta, 'supervisor')
}, 90_000)

afterAll(() => swarm[Symbol.asyncDispose](), 30_000)

function results({ steps }: Story): unknown[] {
  return steps.flatMap((step) => (step.kind === 'tool-end' ? [step.output ?? step.error] : []))
}

test('a Mastra supervisor delegates to an agent of another node', async () => {
  const order = '!call agent-echoer {"prompt":"ping"}\n!then\n!say it answered'
  const story = await ask(swarm.alpha, 'supervisor', order)
  expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'it answered' })
  expect(results(story)).toMatchObject([{ text: 'ping' }])
})

test('a question of the other agent suspends the supervisor, and its answer goes back', async () => {
  const order = '!call agent-greeter {"prompt":"greet somebody"}\n!then\n!say it greeted'
  const asked = await ask(swarm.alpha, 'supervisor', order)
  expect(asked).toMatchObject({ state: 'waiting', question: 'Which name?' })
  const story = await answer(swarm.alpha, asked.id, 'Ada')
  expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'it greeted' })
  expect(results(story)).toMatchObject([{ text: 'Hello, Ada! (greeted/Ada)' }])
})

test.each(['supervisor', 'sdk-caller', 'openai-caller'])(
  'an agent of the swarm is a tool of %s',
  async (agent) => {
    const order = '!call calculator {"request":"6 * 7"}\n!then\n!say calculated'
    const story = await ask(swarm.alpha, agent, order)
    expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'calculated' })
    expect(results(story)).toEqual(['42'])
  }
)

test('what a cancelled supervisor has delegated is cancelled where it runs', async () => {
  await swarm.beta.lumos.run(['host', join(PROJECTS, 'plain/tricks.ts')])
  await known(swarm.alpha, 'wait')
  const order = '!call agent-waiter {"prompt":"a while"}'
  const running = swarm.alpha.client.run({ target: 'supervisor', text: order })
  let id = ''
  for await (const event of running) {
    if (event.type === 'accepted') id = event.task.id
    if (event.type === 'status' && event.step?.kind === 'tool-start') break
  }
  const waits = async (state: string): Promise<number> => {
    const { tasks } = await swarm.alpha.client.tasks({ limit: 100 })
    return tasks.filter((task) => task.agent === 'wait' && task.state === state).length
  }
  await vi.waitFor(async () => expect(await waits('TASK_STATE_WORKING')).toBe(1), SOON)
  await swarm.alpha.client.cancel(id)
  await vi.waitFor(async () => expect(await waits('TASK_STATE_CANCELED')).toBe(1), SOON)
})
