/**
 * An agent of a language model with a tool of its own, on two nodes: the conversation that begins on one
 * goes on, on the other.
 *
 * Run: `node examples/chat-agent.ts` in a checkout (outside of one, import from 'lumos-mesh'), with a model:
 * Ollama on this host, or OPENAI_API_KEY, or OPENAI_BASE_URL.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, llmAgent, tool } from '../index.ts'

const trains = tool({
  id: 'trains',
  description: 'The next trains from one city to another.',
  inputSchema: {
    type: 'object',
    properties: { from: { type: 'string' }, to: { type: 'string' } },
    required: ['from', 'to']
  },
  execute: ({ from, to }) => ({ from, to, departures: ['09:12', '11:42'] })
})

const guide = llmAgent({
  id: 'guide',
  description: 'Plans trips by train.',
  instructions: ({ swarm }) =>
    `You plan trips by train for the people of the swarm "${swarm}". Be short.`,
  tools: [trains],
  memory: true
})

const folder = await mkdtemp(join(tmpdir(), 'lumos-chat-'))
const common = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false },
  runtimeDirectory: join(folder, 'run'),
  agents: [guide]
}
const one = await createNode({ ...common, home: join(folder, 'one') })
const two = await createNode({ ...common, home: join(folder, 'two') })
await Promise.all([one.start(), two.start()])

/** On that very node, in the conversation `trip`. */
async function say(node: typeof one, text: string): Promise<void> {
  console.log(`> ${text}`)
  for await (const event of node.run('guide', text, { where: 'local', contextId: 'trip' })) {
    if (event.type !== 'result') continue
    if (event.error !== undefined) throw new Error(event.error.message)
    console.log(event.task.artifacts[0]?.parts[0]?.text?.trimEnd())
  }
}

try {
  await say(one, 'When is there a train from Rome to Naples?')
  const { threads } = two.memory.space()
  for (let tries = 0; (await threads.messages('trip')).length < 2 && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await say(two, 'And what did I ask before?')
} finally {
  await Promise.all([one.stop(), two.stop()])
  await rm(folder, { recursive: true })
}
