/**
 * Two nodes in one program: one brings an agent, the other has it do something.
 *
 * Run: `node examples/hello-agent.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, defineAgent } from '../index.ts'

const hello = defineAgent({
  id: 'hello',
  description: 'Greets people, word by word.',
  skills: [{ id: 'greet', name: 'Greet', description: 'Says hello.', tags: ['greeting'] }],
  async *run({ text }) {
    yield { type: 'progress', text: 'thinking of something nice', fraction: 0.5 }
    yield 'Hello, '
    yield `${text}!`
  }
})

const folder = await mkdtemp(join(tmpdir(), 'lumos-hello-'))
// On a real network leave the last two out: nodes find each other by mDNS, and on one host by themselves.
const common = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false },
  runtimeDirectory: join(folder, 'run')
}

const worker = await createNode({ ...common, home: join(folder, 'worker'), agents: [hello] })
const caller = await createNode({ ...common, home: join(folder, 'caller') })
await Promise.all([worker.start(), caller.start()])

try {
  // They find each other within a second; until then nobody is known who can greet.
  while ((await caller.find('greet')).providers.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  for await (const event of caller.run('greet', 'Ada')) {
    if (event.type === 'routed') console.log(`${event.worker.name} will do it`)
    if (event.type === 'status' && event.text) console.log(`… ${event.text}`)
    if (event.type === 'result') console.log(event.task.artifacts[0]?.parts[0]?.text)
  }
} finally {
  await Promise.all([worker.stop(), caller.stop()])
  await rm(folder, { recursive: true })
}
