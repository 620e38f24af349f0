/** Data for a skill: declared in the card, checked before the agent sees it, at any node. */
import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent, type AgentRequest } from '../../agents/agent.ts'
import { skillSchemasOf } from '../../core/skill-schemas.ts'
import type { RunOptions } from '../../node/create-node.ts'
import { startTestSwarm, startTestNode } from '../../node/testing.ts'
import { A2A_EXTENSIONS } from '../../protocols/a2a/constants.ts'

const inputSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', default: 3 } },
  required: ['city'],
  additionalProperties: false
} as const
const outputSchema = { type: 'object', properties: { high: { type: 'number' } } } as const

/** Says what it was given. */
function weather() {
  const seen: Pick<AgentRequest, 'skill' | 'message' | 'history'>[] = []
  const skill = { name: 'x', description: 'Says how it will be.', tags: ['weather'] }
  const agent = defineAgent({
    id: 'weather',
    description: 'Says how it will be.',
    skills: [
      { ...skill, id: 'forecast', inputSchema, outputSchema },
      { ...skill, id: 'history' }
    ],
    async *run({ skill: wanted, message, history }) {
      seen.push({ ...(wanted !== undefined && { skill: wanted }), message, history })
      yield { type: 'artifact', artifact: { parts: [{ data: { high: 21 } }] } }
    }
  })
  return { agent, seen }
}

async function setup() {
  const { agent, seen } = weather()
  const node = await startTestNode({ agents: [agent] })
  onTestFinished(() => node.stop())
  const ask = (options: RunOptions, text = ''): Promise<string> =>
    node.ask('weather', text, options)
  return { node, seen, ask }
}

test('data that fits reaches the agent, completed by the defaults of the schema', async () => {
  const { ask, seen } = await setup()
  expect(await ask({ skill: 'forecast', data: { city: 'Rome' } })).toBe('{"high":21}')
  const data = { city: 'Rome', days: 3 }
  expect(seen).toMatchObject([
    { skill: 'forecast', message: { parts: [{ data }] }, history: [{ parts: [{ data }] }] }
  ])
})

test.for([
  [{ town: 'Rome' }, /required property 'city'/],
  [{ city: 7 }, /city: must be string/],
  [[], /must be object/]
] as const)('data that does not fit never reaches it: %j', async ([data, reason]) => {
  const { ask, seen } = await setup()
  await expect(ask({ skill: 'forecast', data })).rejects.toMatchObject({
    code: 'AGENT_INPUT',
    message: expect.stringMatching(reason)
  })
  expect(seen).toEqual([])
})

test('another skill, and text, are the agent’s own business', async () => {
  const { ask, seen } = await setup()
  await ask({ skill: 'history', data: { anything: true } })
  await ask({ skill: 'forecast' }, 'Rome, please')
  await ask({ data: { any: 1 } })
  expect(seen.map(({ skill }) => skill)).toEqual(['history', 'forecast', undefined])
})

test('a peer learns from the card what to send, and its data is checked at the worker', async () => {
  const { agent, seen } = weather()
  await using swarm = await startTestSwarm({ anna: {}, bert: { agents: [agent] } })
  const data = { city: 'Rome' }
  const skill = 'forecast'
  expect(await swarm.anna.ask('weather', '', { skill, data })).toBe('{"high":21}')
  await expect(
    swarm.anna.ask('weather', '', { skill, data: { ...data, days: 'many' } })
  ).rejects.toMatchObject({ code: 'AGENT_INPUT', details: { agent: 'weather' } })
  expect(seen).toHaveLength(1)
})

test('every extension that travels in metadata is declared in cards and calls', async () => {
  const document = await readFile('docs/protocols/a2a-libp2p.md', 'utf8')
  const rows = document.matchAll(
    /^\| `(urn:lumos:a2a:ext:[\w:-]+)` \| (?:metadata|the same place)/gm
  )
  expect(new Set<unknown>(A2A_EXTENSIONS)).toEqual(new Set(Array.from(rows, ([, uri]) => uri)))
})

test('a card without any schema says nothing of them', () => {
  const capabilities = { extensions: [{ uri: 'urn:other', params: { forecast: {} } }] }
  expect(skillSchemasOf({ capabilities }, 'forecast')).toBeUndefined()
})
