/** Both sides choose: callers demand what agents are, and agents demand what the caller's node is. */
import { expect, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'
import type { Attributes } from '../../core/attributes.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { startSecluded } from '../support/started-nodes.ts'

function captioner(id: string, attributes: Attributes, demands: readonly string[] = []): Agent {
  return defineAgent({
    id,
    description: 'Describes pictures.',
    skills: [
      { id: 'vision.caption', name: 'Caption', description: 'A caption.', tags: ['vision'] }
    ],
    attributes,
    demands,
    async *run() {
      yield id
    }
  })
}

/** What `vision.caption` with these demands is answered with. */
async function ask(node: LumosNode, demands: string): Promise<string> {
  for await (const event of node.run(`vision.caption ${demands}`, 'a picture')) {
    if (event.type !== 'result') continue
    return event.error?.code ?? event.task.artifacts[0]?.parts[0]?.text ?? ''
  }
  return 'nothing'
}

test('a task goes to an agent that is what is demanded, and takes callers that are what it demands', async () => {
  const worker = await startSecluded({
    agents: [
      captioner('german', { lang: ['de'], price: 0.002 }),
      captioner('english', { lang: ['en'], price: 0.02 }),
      captioner('choosy', { lang: ['fr'] }, ['region=eu'])
    ]
  })
  const bootstrap = [...worker.addresses()]
  const european = await startSecluded({ bootstrap, attributes: { region: 'eu' } })
  const stranger = await startSecluded({ bootstrap })
  for (const node of [european, stranger]) {
    await expect.poll(async () => (await node.find('vision.caption')).providers).toHaveLength(3)
  }

  expect(await ask(european, 'lang=de')).toBe('german')
  expect(await ask(european, 'price>0.01')).toBe('english')
  expect(await ask(european, 'lang=fr')).toBe('choosy')
  expect(await ask(stranger, 'lang=en')).toBe('english')
  await expect(ask(stranger, 'lang=fr')).rejects.toMatchObject({
    code: 'DEMANDS_UNMET',
    details: { agent: 'choosy', demand: 'region=eu' }
  })
  await expect(ask(european, 'lang=xx')).rejects.toMatchObject({ code: 'NO_ROUTE' })
})
