/** A node that speaks at a given pace, started as a process in a network of its own: with the environment of a node. */
import { setTimeout as delay } from 'node:timers/promises'
import { createNode, defineAgent } from '../../index.ts'
import { seededRandom } from './random.ts'

/** What a task for the agent says, as JSON. */
export interface Talk {
  readonly seed: number
  readonly pieces: number
  /** Characters of each piece. */
  readonly length: number
  readonly pauseMs: number
}

/** All that the agent will say: the same for the same seed. */
export function* talk({ seed, pieces, length }: Talk): Iterable<string> {
  const random = seededRandom(seed)
  for (let piece = 0; piece < pieces; piece += 1) {
    yield Buffer.from(random.bytes(length)).toString('base64').slice(0, length)
  }
}

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
