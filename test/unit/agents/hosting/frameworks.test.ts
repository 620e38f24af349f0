import { expect, test } from 'vitest'
import { defineAgent } from '../../../../agents/agent.ts'
import { findAgents } from '../../../../agents/hosting/project/frameworks.ts'
import { readApproval } from '../../../../agents/hosting/project/approval.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const nothing = (): void => undefined
const parts = { clock: new ManualClock(), importPackage: async () => ({}) }

function mastraAgent(id: string) {
  return {
    id,
    name: id,
    stream: nothing,
    resumeStream: nothing,
    hasOwnMemory: () => false,
    getDescription: () => `I am ${id}.`,
    listTools: async () => ({ t: { id: `${id}-tool`, description: 'Does it.' } })
  }
}

const shapes = {
  mastra: mastraAgent('weather'),
  aiSdk: { version: 'agent-v1', id: 'librarian', generate: nothing, stream: nothing, tools: {} },
  openAi: {
    name: 'Support Agent',
    handoffs: [],
    tools: [],
    asTool: nothing,
    getSystemPrompt: nothing
  },
  graph: { lg_is_pregel: true, channels: {}, stream: nothing, invoke: nothing },
  lumos: defineAgent({
    id: 'own',
    description: 'Ours.',
    skills: [{ id: 's', name: 's', description: 's', tags: ['t'] }],
    async *run() {}
  })
}

async function idsIn(exported: Readonly<Record<string, unknown>>): Promise<string[]> {
  const agents = await findAgents(exported, { fallbackName: 'file' }, parts)
  return agents.map(({ description }) => description.id)
}

test('each framework is known by its structure', async () => {
  expect(await idsIn(shapes)).toEqual(['weather', 'librarian', 'support-agent', 'graph', 'own'])
})

test('agents are found in an instance of Mastra, in lists and in objects, each once', async () => {
  const { mastra, aiSdk } = shapes
  class Instance {
    listAgents = (): object => ({ a: mastra, b: mastraAgent('cook') })
    getAgent = nothing
  }
  expect(await idsIn({ instance: new Instance(), mastra })).toEqual(['weather', 'cook'])
  expect(await idsIn({ agents: [aiSdk, mastra] })).toEqual(['librarian', 'weather'])
  expect(await idsIn({ default: { one: mastra, two: { deeper: aiSdk } } })).toEqual(['weather'])
})

test('agents that want the same id get a number', async () => {
  expect(await idsIn({ a: mastraAgent('twin'), b: mastraAgent('twin') })).toEqual([
    'twin',
    'twin-2'
  ])
})

test('async functions are agents when nothing else is there, other functions never', async () => {
  const functions = {
    askMe: async () => '',
    async *tell() {},
    helper: nothing,
    default: async () => ''
  }
  expect(await idsIn(functions)).toEqual(['ask-me', 'tell', 'file'])
  expect(await idsIn({ ...functions, ...shapes })).not.toContain('ask-me')
})

test.for([{}, { a: 1, b: null, c: 'text', d: new Date(), e: { f: { g: 1 } }, h: Map }])(
  'there is no agent in %j',
  async (exported) => {
    expect(await idsIn(exported)).toEqual([])
  }
)

test('its tools are skills, by which an agent can be found', async () => {
  const [agent] = await findAgents({ a: shapes.mastra }, { fallbackName: 'file' }, parts)
  expect(agent?.description.skills).toEqual([
    { id: 'weather', name: 'weather', description: 'I am weather.', tags: ['hosted', 'mastra'] },
    { id: 'weather-tool', name: 'weather-tool', description: 'Does it.', tags: ['tool', 'mastra'] }
  ])
})

test.for([
  ['yes', true],
  ['Yes, go on', true],
  ['approve', true],
  ['no', false],
  ['', false],
  ['yesterday I would have', false],
  ['do not say yes', false],
  ['{"approved": true}', true],
  ['{"approved": "true"}', false],
  ['{"approve": true}', false]
] as const)('"%s" is consent: %s', ([text, approved]) => {
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text }] } as const
  expect(readApproval({ text, message }).approved).toBe(approved)
})
