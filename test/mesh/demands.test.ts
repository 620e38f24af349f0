/** Both sides choose: callers demand what agents are, and agents demand what the caller's node is. */
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'
import type { Attributes } from '../../core/attributes.ts'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode, NodeOptions } from '../../node/create-node.ts'
import { testFolder } from '../support/started-nodes.ts'

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

async function start(options: Partial<NodeOptions>): Promise<LumosNode> {
  const node = await createNode({
    home: testFolder(),
    listen: [],
    discovery: { mdns: false, sameHost: false },
    swarmKey: '0123456789abcdef'.repeat(4),
    builtin: { enabled: [] },
    ...options
  })
  onTestFinished(() => node.stop())
  await node.start()
  return node
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
  const worker = await start({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    agents: [
      captioner('german', { lang: ['de'], price: 0.002 }),
      captioner('english', { lang: ['en'], price: 0.02 }),
      captioner('choosy', { lang: ['fr'] }, ['region=eu'])
    ]
  })
  const bootstrap = [...worker.addresses()]
  const european = await start({ bootstrap, attributes: { region: 'eu' } })
  const stranger = await start({ bootstrap })
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
