/** A node that speaks at a given pace, started as a process in a network of its own: with the environment of a node. */
import { setTimeout as delay } from 'node:timers/promises'
import { createNode, defineAgent } from '../../index.ts'
import { talk } from './talk.ts'
import type { Talk } from './talk.ts'

async function serve(home: string): Promise<void> {
  const talker = defineAgent({
    id: 'talk',
    description: 'speaks at a given pace',
    skills: [{ id: 'talk', name: 'Talk', description: 'speaks', tags: ['test'] }],
    async *run({ text, signal }) {
      const order: Talk = JSON.parse(text)
      for (const piece of talk(order)) {
        yield piece
        await delay(order.pauseMs, undefined, { signal })
      }
    }
  })
  const swarmKey = process.env['LUMOS_SWARM_KEY']
  const node = await createNode({
    home,
    name: 'worker',
    listen: ['/ip4/0.0.0.0/tcp/0'],
    discovery: { mdns: false, sameHost: false },
    ...(swarmKey && { swarmKey }),
    agents: [talker],
    builtin: { enabled: [] }
  })
  await node.start()
  process.stdout.write(`${JSON.stringify(node.addresses())}\n`)
}

const home = process.env['LUMOS_HOME']
if (process.argv[1] === import.meta.filename && home !== undefined) await serve(home)
