/** Finding agents across nodes: by branches of skills, by what is meant, and while they come and go. */
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { startModelServer } from '../support/model-server.ts'
import { startSecluded } from '../support/started-nodes.ts'

function agent(id: string, skill: string, description: string): Agent {
  return defineAgent({
    id,
    description,
    skills: [{ id: skill, name: skill, description, tags: ['test'] }],
    version: '1.4.2',
    async *run() {
      yield id
    }
  })
}

const EYES = agent('eyes', 'vision.caption.short', 'Says in a few words what a photo shows.')
const CLERK = agent('clerk', 'office.bills', 'Reads bills and adds them up.')

/** The machine may be busy. */
const PATIENCE = { timeout: 10_000 }

async function found(node: LumosNode, query: string): Promise<string[]> {
  return (await node.find(query)).providers.map((provider) => provider.agent)
}

async function answerTo(node: LumosNode, target: string): Promise<string> {
  for await (const event of node.run(target, 'a photo')) {
    if (event.type === 'result') return event.task.artifacts[0]?.parts[0]?.text ?? ''
  }
  return 'nothing'
}

test('a branch of skills finds whoever has one of them, to look and to run alike', async () => {
  const worker = await startSecluded({ agents: [EYES, CLERK] })
  const caller = await startSecluded({ bootstrap: [...worker.addresses()] })
  await expect.poll(() => found(caller, 'vision'), PATIENCE).toEqual(['eyes'])
  for (const branch of ['vision', 'vision.caption', 'vision.caption.short', 'VISION']) {
    expect(await found(caller, branch)).toEqual(['eyes'])
    expect(await answerTo(caller, branch)).toBe('eyes')
  }
  expect(await answerTo(caller, 'vision version>="1.2 <2"')).toBe('eyes')
  for (const other of ['vis', 'vision.capt', 'caption']) {
    await expect(answerTo(caller, other)).rejects.toMatchObject({ code: 'NO_ROUTE' })
  }
})

test('what shares no word is found by meaning, and the model is shown each text once', async () => {
  const server = await startModelServer({ models: ['test-embedding'] })
  onTestFinished(() => server.stop())
  const worker = await startSecluded({ agents: [EYES, CLERK] })
  const caller = await startSecluded({
    bootstrap: [...worker.addresses()],
    models: {
      detect: false,
      embedding: 'here/test-embedding',
      providers: { here: { baseUrl: server.url, models: ['test-embedding'] } }
    }
  })
  await expect.poll(() => found(caller, '@eyes'), PATIENCE).toEqual(['eyes'])
  const question = 'words photo unheard unspoken unwritten'
  // One word of five is too few for words alone.
  expect(await found(worker, question)).toEqual([])
  await expect.poll(() => found(caller, question), PATIENCE).toContain('eyes')
  const asked = server.requests.filter(({ path }) => path.endsWith('/embeddings'))
  const texts = asked.flatMap(({ body }) => body['input'])
  expect(texts).toContain(question)
  expect(new Set(texts).size).toBe(texts.length)
})
