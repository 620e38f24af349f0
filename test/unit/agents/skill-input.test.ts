/** Whose schemas hold data up: this node's own as a whole, those of strangers as far as none can stop it. */
import { expect, test } from 'vitest'
import { defineAgent } from '../../../agents/agent.ts'
import type { Agent, AgentRequest } from '../../../agents/agent.ts'
import { createHostedAgent } from '../../../agents/hosting/hosted-agent.ts'
import { findAgents } from '../../../agents/hosting/project/frameworks.ts'
import { withCheckedInput } from '../../../agents/skill-input.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import { agentRequest } from '../../support/agent-request.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function skillOf(properties: JsonObject) {
  const inputSchema = { type: 'object', properties }
  return { id: 's', name: 's', description: 's', tags: ['t'], inputSchema }
}

function ownAgent(properties: JsonObject): { agent: Agent; given: Json[] } {
  const given: Json[] = []
  const agent = defineAgent({
    id: 'clerk',
    description: 'Sells.',
    skills: [skillOf(properties)],
    async *run({ message }) {
      given.push(message.parts[0]?.data ?? null)
      yield 'sold'
    }
  })
  return { agent, given }
}

/** As the node runs it; its process is `ownAgent`, which looks at nothing by itself. */
function hostedAgent(properties: JsonObject): { agent: Agent; given: Json[] } {
  const { agent, given } = ownAgent(properties)
  const session = {
    async *run(_: string, request: AgentRequest) {
      for await (const output of agent.run(request)) yield { output }
    }
  }
  const states = { get: async () => undefined, put: async () => {}, delete: async () => {} }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a session nothing else is used
  const project = { session: async () => session } as unknown as Parameters<
    typeof createHostedAgent
  >[0]['project']
  return { agent: createHostedAgent({ project, states }, agent), given }
}

function withData(data: Json): AgentRequest {
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ data }] } as const
  return { ...agentRequest(''), message, history: [message] }
}

const ask = (agent: Agent, data: Json) =>
  Array.fromAsync(withCheckedInput(agent, withData(data)).run(withData(data)))

const DIGITS = { q: { type: 'string', pattern: '^[0-9]+$' } }

test('an agent of this node is given no data that its schema refuses in any way', async () => {
  const { agent, given } = ownAgent(DIGITS)
  await expect(ask(agent, { q: 'x' })).rejects.toMatchObject({ code: 'AGENT_INPUT' })
  await ask(agent, { q: '7' })
  expect(given).toEqual([{ q: '7' }])
})

/** Each would hold the node up for longer than anybody waits, with a value made for it. */
test.for<[string, JsonObject, Json]>([
  ['regular expression', DIGITS, 'x'],
  ['list compared each with each', { q: { type: 'array', uniqueItems: true } }, [1, 1]],
  ['reference', { q: { $ref: '#/properties/r' }, r: { type: 'number' } }, 'x']
])('no %s of a hosted project is followed in the node', async ([, properties, q]) => {
  const { agent, given } = hostedAgent(properties)
  await ask(agent, { q })
  expect(given).toEqual([{ q }])
})

test('all else that a hosted project declares is checked before its process is asked, and completed', async () => {
  const { agent, given } = hostedAgent({ ...DIGITS, days: { type: 'integer', default: 3 } })
  await expect(ask(agent, { q: 7 })).rejects.toMatchObject({
    code: 'AGENT_INPUT',
    details: { reason: 'q: must be string' }
  })
  await ask(agent, { q: 'x' })
  expect(given).toEqual([{ q: 'x', days: 3 }])
})

test('in the process of the project the whole schema counts', async () => {
  const { agent, given } = ownAgent(DIGITS)
  const parts = { clock: new ManualClock(), importPackage: async () => ({}) }
  const [hosted] = await findAgents({ agent }, { fallbackName: 'file' }, parts)
  const run = async (q: string) => Array.fromAsync(hosted?.run(withData({ q })) ?? [])
  await expect(run('x')).rejects.toMatchObject({ code: 'AGENT_INPUT' })
  await run('7')
  expect(given).toEqual([{ q: '7' }])
})
