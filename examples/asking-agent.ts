/**
 * An agent that asks back: one node, and a program that answers its questions.
 *
 * Run: `node examples/asking-agent.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authRequired, callerTexts, createNode, defineAgent, inputRequired } from '../index.ts'

/** Each answer is a new run, perhaps of another process: what was said so far is all it knows. */
const travel = defineAgent({
  id: 'travel',
  description: 'Books a trip, when it knows where to and may pay.',
  skills: [{ id: 'trip.book', name: 'Book', description: 'Books a trip.', tags: ['travel'] }],
  async *run(request) {
    const [, city, consent] = callerTexts(request)
    if (city === undefined) yield inputRequired('Where to?')
    else if (consent === undefined) yield authRequired(`May I pay 99 € for ${city}?`)
    else yield consent === 'yes' ? `Booked: ${city}.` : 'Nothing was booked.'
  }
})

const answers = ['Rome', 'yes']
const home = await mkdtemp(join(tmpdir(), 'lumos-travel-'))
const node = await createNode({
  home,
  agents: [travel],
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false },
  runtimeDirectory: join(home, 'run')
})
await node.start()

try {
  const taskId = crypto.randomUUID()
  for await (const event of node.run('travel', 'a trip', { taskId })) {
    if (event.type === 'input-required') {
      const answer = answers.shift() ?? 'no'
      console.log(`${event.text} — ${answer}`)
      await node.answer(taskId, answer)
    }
    if (event.type === 'result') console.log(event.task.artifacts[0]?.parts[0]?.text)
  }
} finally {
  await node.stop()
  await rm(home, { recursive: true })
}
