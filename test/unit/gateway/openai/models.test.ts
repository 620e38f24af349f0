import { expect, test } from 'vitest'
import { CHAT_EXTENSION } from '../../../../core/chat-request.ts'
import type { KnownAgent } from '../../../../gateway/a2a/cards.ts'
import { createModels } from '../../../../gateway/openai/models.ts'

function known(agentId: string, node: string, takesChats: boolean): KnownAgent {
  const extensions = takesChats ? [{ uri: CHAT_EXTENSION }] : []
  const card = {
    name: agentId,
    description: '',
    supportedInterfaces: [],
    version: '1',
    capabilities: { extensions },
    defaultInputModes: [],
    defaultOutputModes: [],
    skills: [],
    signatures: []
  }
  const signed = { peer: '12D3', digest: '', seq: 1, issuedAt: 5999, expiresAt: 9000 }
  return { node, card: { ...signed, agentId, card } }
}

test('a name leads to whole chats only when all whom it means take them', () => {
  const models = createModels(() => [
    known('guide', 'birch', true),
    known('guide', 'oak', false),
    known('chat', 'birch', true)
  ])
  const asked = ['chat', 'guide', 'guide@birch', 'guide@oak', 'nobody'] as const
  expect(asked.map((id) => models.takesChats(id))).toEqual([true, false, true, false, false])
})

test('each agent is a model once by its name, and once a node', () => {
  const models = createModels(() => [known('a', 'birch', true), known('a', 'oak', true)])
  expect(models.list()).toEqual([
    { id: 'a', object: 'model', created: 5, owned_by: 'birch' },
    { id: 'a@birch', object: 'model', created: 5, owned_by: 'birch' },
    { id: 'a@oak', object: 'model', created: 5, owned_by: 'oak' }
  ])
  expect(() => models.get('a@elm')).toThrow(expect.objectContaining({ code: 'AGENT_UNKNOWN' }))
})
