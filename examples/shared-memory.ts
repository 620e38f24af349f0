/**
 * Two agents on two nodes that know what the other knows, and keep one conversation.
 *
 * Run: `node examples/shared-memory.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, defineAgent } from '../index.ts'

/** Writes what it finds out; the other nodes have it a moment later. */
const scout = defineAgent({
  id: 'scout',
  description: 'Looks at a city.',
  skills: [{ id: 'city.scout', name: 'Scout', description: 'Looks at a city.', tags: ['travel'] }],
  async *run({ text, memory }) {
    const space = memory.space()
    await space.put(`cities/${text}`, { sights: ['Forum', 'Pantheon'], rain: false })
    await space.threads.append('trip', [
      { role: 'user', parts: [{ text: `How is ${text}?` }] },
      { role: 'assistant', parts: [{ text: 'Dry, with two sights.' }] }
    ])
    yield `looked at ${text}`
  }
})

/** Never asks the scout: what it wrote is here. */
const guide = defineAgent({
  id: 'guide',
  description: 'Says what is known of a city.',
  skills: [{ id: 'city.tell', name: 'Tell', description: 'Tells of a city.', tags: ['travel'] }],
  async *run({ text, memory, signal }) {
    const space = memory.space()
    // What is there, and then what comes: the scout may still be on its way.
    for await (const event of space.watch({ prefix: `cities/${text}` }, signal)) {
      if (event.type !== 'put') continue
      yield `${event.fact.key} is ${JSON.stringify(event.fact.value)}\n`
      break
    }
    for await (const fact of space.list({ prefix: 'cities/' })) yield `known: ${fact.key}\n`
  }
})

const folder = await mkdtemp(join(tmpdir(), 'lumos-memory-'))
const common = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false },
  runtimeDirectory: join(folder, 'run')
}
const rome = await createNode({ ...common, home: join(folder, 'rome'), agents: [scout] })
const home = await createNode({ ...common, home: join(folder, 'home'), agents: [guide] })
await Promise.all([rome.start(), home.start()])

async function ask(node: typeof home, agent: string): Promise<void> {
  for await (const event of node.run(agent, 'Rome', { where: 'local' })) {
    if (event.type === 'result') console.log(event.task.artifacts[0]?.parts[0]?.text?.trimEnd())
  }
}

try {
  // At the same time: the guide waits for what the scout is about to write, on another node.
  await Promise.all([ask(home, 'guide'), ask(rome, 'scout')])
  const { threads } = home.memory.space()
  for (let tries = 0; (await threads.messages('trip')).length < 2 && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  for (const { role, parts } of await threads.messages('trip')) {
    console.log(`${role}: ${JSON.stringify(parts)}`)
  }
} finally {
  await Promise.all([rome.stop(), home.stop()])
  await rm(folder, { recursive: true })
}
