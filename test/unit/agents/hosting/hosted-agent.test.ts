/** What a hosted agent kept with its questions, across deaths of the node between keeping and telling. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { AgentRequest } from '../../../../agents/agent.ts'
import { HostSession } from '../../../../agents/hosting/host-session.ts'
import { createHostedAgent } from '../../../../agents/hosting/hosted-agent.ts'
import type { Json } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { agentRequest } from '../../../support/agent-request.ts'
import { AGENTS, createStage } from '../../../support/hosted-process.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const QUESTION = { type: 'input-required', text: 'Which?' } as const

async function setup() {
  const stage = createStage((each) => each.say(AGENTS))
  const session = new HostSession(
    { clock: new ManualClock(), logger: silentLogger, startProcess: stage.start },
    {
      host: 'shop',
      memoryBytes: 1000,
      launch: { command: 'x', args: [], cwd: '/', env: {}, channel: 'fd3' }
    }
  )
  const found = await session.agents
  const kept = new Map<string, Json>()
  const states = {
    get: async ({ taskId }: { taskId: string }) => kept.get(taskId),
    put: async ({ taskId }: { taskId: string }, state: Json) => void kept.set(taskId, state),
    delete: async ({ taskId }: { taskId: string }) => void kept.delete(taskId)
  }
  const [description] = found ?? []
  if (description === undefined) throw new TypeError('no agent')
  const project = { session: async () => session }
  const agent = createHostedAgent({ project, states }, { ...description, idempotent: true })
  return { process: stage.current(), session, kept, agent }
}

/** The task as it stands when its caller has answered so many questions. */
function afterAnswers(answers: number): AgentRequest {
  const order = agentRequest('go on')
  return { ...order, history: Array.from({ length: 1 + 2 * answers }, () => order.message) }
}

/** Plays one run to its question, or to its end; which state the process was given for it. */
async function stateGiven(
  { process, agent }: Awaited<ReturnType<typeof setup>>,
  answers: number,
  asks?: { readonly state?: Json }
) {
  const runs = () => process.told.filter((each) => each.type === 'run')
  const before = runs().length
  const running = Array.fromAsync(agent.run(afterAnswers(answers)))
  // oxlint-disable-next-line no-await-in-loop -- until it was told
  while (runs().length === before) await nextTurn()
  const order = runs().at(-1)
  const run = order?.run ?? ''
  if (asks === undefined) process.say({ type: 'end', run })
  else process.say({ type: 'output', run, output: QUESTION, ...asks })
  expect(await running).toEqual(asks === undefined ? [] : [QUESTION])
  return order?.state
}

test('what an agent keeps with its question stays here, and is given back with the answer', async () => {
  const parts = await setup()
  expect(await stateGiven(parts, 0, { state: { cart: [1] } })).toBeUndefined()
  expect(parts.kept.size).toBe(1)
  expect(await stateGiven(parts, 1)).toEqual({ cart: [1] })
  expect(parts.kept.size).toBe(0)
  await parts.session.stop()
})

test('a run that is done again gets what fits what was said, not what a lost question left', async () => {
  const parts = await setup()
  await stateGiven(parts, 0, { state: 'first' })
  expect(await stateGiven(parts, 1, { state: 'second' })).toBe('first')
  // The node died before anybody saw the second question: its answer is still the first one's.
  expect(await stateGiven(parts, 1, { state: 'second again' })).toBe('first')
  expect(await stateGiven(parts, 2, { state: 'third' })).toBe('second again')
  // Two questions back is what no log leads to; without a state the agent begins anew.
  expect(await stateGiven(parts, 1)).toBeUndefined()
  expect(parts.kept.size).toBe(0)
  await parts.session.stop()
})

test('a question without a state is not answered with that of an earlier one', async () => {
  const parts = await setup()
  await stateGiven(parts, 0, { state: null })
  expect(await stateGiven(parts, 1, {})).toBeNull()
  expect(await stateGiven(parts, 1, {})).toBeNull()
  expect(await stateGiven(parts, 2, {})).toBeUndefined()
  expect(parts.kept.size).toBe(0)
  await parts.session.stop()
})

test('what a first attempt kept is not for the question of the second one', async () => {
  const parts = await setup()
  await stateGiven(parts, 0, { state: 'of a lost question' })
  await stateGiven(parts, 0, {})
  expect(await stateGiven(parts, 1)).toBeUndefined()
  await parts.session.stop()
})

test('what an earlier version of the node kept is given back, too', async () => {
  const parts = await setup()
  parts.kept.set('task', { cart: [1] })
  expect(await stateGiven(parts, 2, { state: 'next' })).toEqual({ cart: [1] })
  expect(await stateGiven(parts, 2, { state: 'next' })).toEqual({ cart: [1] })
  expect(await stateGiven(parts, 3)).toBe('next')
  await parts.session.stop()
})

test('of two states that no file has room for, the one that was asked last is kept', async () => {
  const parts = await setup()
  const most = 'x'.repeat(LIMITS.hostStateBytes.value - 2)
  await stateGiven(parts, 0, { state: most })
  await stateGiven(parts, 1, { state: most })
  const bytes = Buffer.byteLength(JSON.stringify(parts.kept.get('task')))
  // What the store reads (node/hosting.ts).
  expect(bytes).toBeLessThanOrEqual(LIMITS.hostStateBytes.value * 2)
  expect(await stateGiven(parts, 2)).toBe(most)
  await parts.session.stop()
})
