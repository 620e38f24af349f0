/** LLM agents on whole nodes: conversations that go on elsewhere, and what is recalled of them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LumosNode } from '../../index.ts'
import { createNode, llmAgent } from '../../index.ts'
import { startModelServer } from '../support/model-server.ts'
import type { ModelServer } from '../support/model-server.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

async function modelServer(): Promise<ModelServer> {
  const server = await startModelServer({ models: ['test-model', 'test-embedding'] })
  onTestFinished(() => server.stop())
  return server
}

function sentText({ requests }: ModelServer, at = -1): string {
  const chats = requests.filter(({ path }) => path.endsWith('/chat/completions'))
  return JSON.stringify(chats.at(at)?.body['messages'])
}

async function startNode(
  server: ModelServer,
  options: Partial<Parameters<typeof createNode>[0]> = {}
): Promise<LumosNode> {
  const home = await temporaryDirectory()
  const node = await createNode({
    home,
    runtimeDirectory: join(home, 'run'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false },
    builtin: { enabled: [] },
    models: {
      detect: false,
      default: ['here/test-model'],
      embedding: 'here/test-embedding',
      providers: { here: { baseUrl: server.url, models: ['test-model', 'test-embedding'] } }
    },
    ...options
  })
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

async function say(node: LumosNode, agent: string, text: string): Promise<string> {
  let said = ''
  const events = node.run(agent, text, { where: 'local', contextId: 'thread' })
  for await (const event of events) {
    if (event.type !== 'result') continue
    expect(event.error).toBeUndefined()
    said = event.task.artifacts[0]?.parts[0]?.text ?? ''
  }
  return said
}

test('the example runs: a conversation that begins on one node goes on, on the other', async () => {
  const server = await modelServer()
  const example = join(import.meta.dirname, '../../examples/chat-agent.ts')
  const child = spawn(process.execPath, [example], {
    env: { ...process.env, OPENAI_BASE_URL: server.url, OLLAMA_HOST: 'http://127.0.0.1:1' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output += data.toString()))
  const [code] = (await once(child, 'exit')) as [number]
  expect({ code, output }).toMatchObject({ code: 0 })
  expect(output).toContain('> And what did I ask before?')
  expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
  expect(sentText(server)).toContain('from Rome to Naples')
})

test('chat is offered by a node that can use a model, and remembers', async () => {
  const server = await modelServer()
  const node = await startNode(server)
  await expect.poll(async () => (await node.agents()).agents.map(({ id }) => id)).toContain('chat')
  expect(await say(node, 'chat', 'I am Ada')).toBe('I am Ada')
  await say(node, 'chat', 'Who am I?')
  expect(sentText(server)).toContain('I am Ada')
})

test('what was said long ago is recalled when it means about the same', async () => {
  const server = await modelServer()
  const agent = llmAgent({
    id: 'guide',
    description: 'Guides.',
    instructions: 'You guide.',
    memory: { historyTokens: 40, summary: false, recall: 1 }
  })
  const node = await startNode(server, { agents: [agent] })
  await say(node, 'guide', 'my favourite fruit is the yellow pear')
  for (const text of ['how is the weather', 'what is the time', 'where is the station']) {
    await say(node, 'guide', `${text} ${'and so on '.repeat(10)}`)
  }
  await say(node, 'guide', 'which yellow fruit is my favourite')
  const sent = sentText(server)
  expect(sent).toContain('Said earlier in this conversation')
  expect(sent).toContain('the yellow pear')
  expect(server.requests.some(({ path }) => path.endsWith('/embeddings'))).toBe(true)
})
