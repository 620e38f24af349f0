/** A process with whole Lumos nodes in it, which does with their shared memory what bench/memory.ts asks for. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { decodeMark, memoryRows } from '../../memory/replica/rows.ts'
import type { MemorySpace } from '../../memory/shared-memory.ts'
import { assemble } from '../../node/assembly.ts'
import type { Assembly } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'
import { releaseMemory } from '../../node/daemon/host.ts'
import { nowMs } from './clock.ts'

export interface StartInit {
  readonly folder: string
  readonly name: string
  readonly swarmKey: string
  readonly listen?: string
  /** Whether it looks for others in `folder`; else it meets whom it is told to. */
  readonly looks?: boolean
}

export interface PutInit {
  readonly name: string
  readonly prefix: string
  readonly count: number
  readonly inFlight: number
}

interface NameInit {
  readonly name: string
}

interface KeyInit extends NameInit {
  readonly key: string
}

export interface Took {
  readonly ms: number
  readonly cpuMs: number
}

export interface Standing {
  readonly root: string
  readonly keys: number
  /** How many of the peers hold the same. */
  readonly equal: number
  readonly peers: number
}

export interface Weight {
  readonly rssMb: number
  /** What is V8's, and in use. */
  readonly heapMb: number
}

const VALUE = Buffer.alloc(200, 'x')
/** What no other put of this process had: equal values could be kept once by somebody. */
let puts = 0

const nodes = new Map<string, Assembly>()
/** Keys that {@link operations.watch} watches begin so. */
export const LIVE = 'live/'

/** By node, then by key: when a watcher heard of it. */
const heard = new Map<string, Map<string, number>>()

function nodeOf(name: string): Assembly {
  const node = nodes.get(name)
  if (node === undefined) throw new Error(`there is no node ${name}`)
  return node
}

function spaceOf(name: string): MemorySpace {
  return nodeOf(name).memory.space('shared')
}

async function timed(action: () => Promise<unknown>): Promise<Took> {
  const [begin, cpu] = [nowMs(), process.cpuUsage()]
  await action()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: nowMs() - begin, cpuMs: (user + system) / 1000 }
}

async function watch(name: string, began: () => void): Promise<void> {
  const keys = new Map<string, number>()
  heard.set(name, keys)
  for await (const event of spaceOf(name).watch({ prefix: LIVE })) {
    if (event.type === 'put') keys.set(event.entry.key, nowMs())
    if (event.type === 'ready') began()
  }
}

/** What a parent may ask for. */
export interface LumosOperations {
  start(init: StartInit): Promise<Took & { readonly address: string }>
  put(init: PutInit): Promise<Took>
  putOne(init: KeyInit): Promise<void>
  read(init: KeyInit): Promise<Took>
  status(init: NameInit): Promise<Standing>
  /** How many changes the node has seen; the cheapest there is to ask. */
  changes(init: NameInit): Promise<number>
  /** Works out the digest of all. */
  compare(init: NameInit): Promise<Took>
  /** All that was committed before is on disk when this has resolved, whatever fails then. */
  sync(init: NameInit): Promise<Took>
  connect(init: NameInit & { readonly address: string }): Promise<void>
  /** How many there are sessions with. */
  peers(init: NameInit): Promise<number>
  /** From then on it is noted when the node hears of a key below {@link LIVE}. */
  watch(init: NameInit): Promise<void>
  heard(init: NameInit): Promise<ReadonlyMap<string, number>>
  /** What the process weighs when it has thrown away what it can. */
  weight(init: object): Promise<Weight>
  /** Milliseconds of CPU so far. */
  cpu(init: object): Promise<number>
  stop(init: NameInit): Promise<void>
}

export const operations: LumosOperations = {
  async start({ folder, name, swarmKey, listen, looks = false }) {
    const config = nodeConfigSchema.parse({
      name,
      listen: [listen ?? '/ip4/127.0.0.1/tcp/0'],
      discovery: { mdns: false, sameHost: looks },
      agents: { enabled: [] }
    })
    const env = { LUMOS_HOME: join(folder, name), LUMOS_RUNTIME_DIR: join(folder, 'run') }
    const node = await assemble(
      { clock: systemClock, random: systemRandom, logger: silentLogger },
      {
        config,
        paths: resolvePaths(env),
        swarmKey: new Secret(swarmKey),
        version: '0.0.0'
      }
    )
    nodes.set(name, node)
    const took = await timed(() => node.start())
    const [address = ''] = node.wire.network.libp2p.getMultiaddrs().map(String)
    return { ...took, address }
  },
  put({ name, prefix, count, inFlight }) {
    const space = spaceOf(name)
    let next = 0
    async function worker(): Promise<void> {
      while (next < count) {
        const key = prefix + String(next++).padStart(9, '0')
        const value = Buffer.from(VALUE)
        value.writeUInt32BE((puts += 1))
        await space.put(key, value)
      }
    }
    return timed(() => Promise.all(Array.from({ length: inFlight }, worker)))
  },
  async status({ name }) {
    const { root, keys, peers } = await spaceOf(name).status()
    return {
      root,
      keys,
      equal: peers.filter(({ inSync }) => inSync).length,
      peers: peers.length
    }
  },
  sync({ name }) {
    const put = { type: 'put', key: 'bench/sync', value: new Uint8Array() } as const
    return timed(() => nodeOf(name).database.store.commit([put], { sync: true }))
  },
  async putOne({ name, key }) {
    await spaceOf(name).put(key, VALUE)
  },
  read: ({ name, key }) => timed(() => spaceOf(name).get(key)),
  async changes({ name }) {
    const mark = await nodeOf(name).database.store.get(memoryRows(spaceOf(name).space.id).mark)
    return mark === undefined ? 0 : decodeMark(mark).lsn
  },
  compare: ({ name }) => timed(() => spaceOf(name).status()),
  async peers({ name }) {
    return nodeOf(name).wire.sessions.all().length
  },
  async connect({ name, address }) {
    const { network, sessions } = nodeOf(name).wire
    const connection = await network.libp2p.dial(multiaddr(address))
    await sessions.connect(connection.remotePeer.toString())
  },
  watch: ({ name }) => new Promise<void>((resolve) => void watch(name, resolve)),
  async heard({ name }) {
    return heard.get(name) ?? new Map()
  },
  async weight() {
    // As the daemon does at rest; more than once: what is found free is let go of in a later turn.
    for (let round = 0; round < 4; round += 1) {
      releaseMemory()
      await delay(20)
    }
    const { rss, heapUsed } = process.memoryUsage()
    return { rssMb: rss / 1e6, heapMb: heapUsed / 1e6 }
  },
  async cpu() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  async stop({ name }) {
    await nodeOf(name).stop()
    nodes.delete(name)
  }
}
