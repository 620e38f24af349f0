/** Shared memory, finding and looking, over the control socket; and who connects only for a moment. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Random } from '../../core/random.ts'
import type { SoakNode } from './node.ts'
import { insist, pick, type Doing, type Kinds } from './world.ts'

const BINARY = join(import.meta.dirname, '../../bin/lumos.cjs')
/** Written again and again, so that what memory holds does not grow. */
const KEYS = 500
const BLOBS = 8
const TEXT = 'what the nodes know together '.repeat(6)
const SKILLS = ['echo', 'math.evaluate', 'walk', 'ask.back', 'keep', 'nobody.can', 'summarize text']
const COMMANDS = [['status'], ['peers'], ['agents'], ['find', 'echo'], ['run', 'echo', 'hello']]

export const MEMORY_KINDS: Kinds = {
  put: {
    perSecond: 4,
    run: ({ node, random }) =>
      node().client.memory.put('shared', { key: keyFrom(random), value: { text: TEXT } })
  },
  putForAWhile: {
    perSecond: 0.5,
    run: ({ node, random }) => {
      const key = `while/${Math.floor(random.next() * KEYS)}`
      return node().client.memory.put('shared', { key, value: TEXT, ttlMs: 60_000 })
    }
  },
  got: {
    perSecond: 4,
    run: async ({ node, random }) => {
      try {
        await node().client.memory.get('shared', keyFrom(random))
      } catch (error) {
        // Some are deleted just then.
        if (!(error instanceof Error && 'code' in error && error.code === 'FACT_UNKNOWN'))
          throw error
      }
    }
  },
  deleted: {
    perSecond: 0.5,
    run: ({ node, random }) => node().client.memory.remove('shared', keyFrom(random))
  },
  listed: {
    perSecond: 0.3,
    run: ({ node }) => node().client.memory.list('shared', { prefix: 'soak/1', limit: 100 })
  },
  history: {
    perSecond: 0.1,
    run: ({ node, random }) => node().client.memory.history('shared', keyFrom(random))
  },
  searched: {
    perSecond: 0.05,
    run: ({ node }) => node().client.memory.search('shared', { text: 'nodes', limit: 5 })
  },
  watchedMemory: { perSecond: 0.05, run: (doing) => watchMemory(doing) },
  watchedNode: { perSecond: 0.05, run: (doing) => watchNode(doing) },
  blobPut: { perSecond: 0.05, run: (doing) => keeper(doing, 'put') },
  blobRead: { perSecond: 0.1, run: (doing) => keeper(doing, 'get') },
  found: {
    perSecond: 2,
    run: ({ node, random }) => node().client.find(pick(random, SKILLS))
  },
  explained: {
    perSecond: 0.2,
    run: ({ node }) => node().client.explainRoute({ target: 'echo' })
  },
  looked: { perSecond: 1, run: ({ node, random }) => look(node(), random) },
  commands: {
    perSecond: 0.06,
    run: ({ node, random }) => command(node(), pick(random, COMMANDS))
  }
}

function keyFrom(random: Random): string {
  return `soak/${Math.floor(random.next() * KEYS)}`
}

async function watchMemory({ node, signal }: Doing): Promise<void> {
  const watching = node().client.memory.watch('shared', { prefix: 'soak/' }, { signal })
  let events = 0
  for await (const { type } of watching) if (type !== 'ready' && ++events > KEYS) break
}

async function watchNode({ node, signal }: Doing): Promise<void> {
  let events = 0
  for await (const told of node().client.watch(['peers', 'tasks'], { signal })) {
    if (told !== 'alive' && ++events > 20) break
  }
}

/** The agent `keeper` of one of the nodes that have it. */
async function keeper({ node, random }: Doing, what: 'put' | 'get'): Promise<void> {
  const name = Math.floor(random.next() * BLOBS)
  const request = { target: '@keeper', text: `${what} ${name}`, timeoutMs: 30_000 }
  for await (const event of node().client.run(request)) {
    if (event.type !== 'result') continue
    const { task, error } = event
    // A blob that nobody has read yet goes with the node that put it.
    if (what === 'get' && error?.code === 'BLOB_MISSING') return
    insist(task.state === 'TASK_STATE_COMPLETED', error?.code ?? task.state)
  }
}

async function look({ client }: SoakNode, random: Random): Promise<void> {
  const looks = [
    () => client.status(),
    () => client.peers(),
    () => client.agents(),
    () => client.vitals(),
    () => client.metrics(),
    () => client.tasks({ limit: 50 }),
    () => client.memory.status(),
    () => client.mesh.topics()
  ]
  await pick(random, looks)()
}

const run = promisify(execFile)

async function command({ env }: SoakNode, args: readonly string[]): Promise<void> {
  const { NODE_OPTIONS: _, ...environment } = env
  await run(process.execPath, [BINARY, ...args], { env: environment, timeout: 30_000 })
}
