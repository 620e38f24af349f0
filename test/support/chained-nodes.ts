/** Four whole nodes in a row, a, b, c and d: the link between b and c can break, and b start again. */
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Agent } from '../../agents/agent.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { assemble } from '../../node/assembly.ts'
import type { Assembly } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'
import { layBreakableLink } from './breakable-link.ts'
import type { BreakableLink } from './breakable-link.ts'

export interface ChainedNodes {
  readonly a: Assembly
  /** Between b and c: b listens nowhere, so that there is no other way between them. */
  readonly link: BreakableLink
  /** b's process ends in good order, and another begins with the same home. */
  restartB(): Promise<void>
  stop(): Promise<void>
}

export interface ChainedAgents {
  readonly b: readonly Agent[]
  readonly c: readonly Agent[]
  readonly d: readonly Agent[]
}

const SWARM_KEY = '0123456789abcdef'.repeat(4)
const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

interface NodePlan {
  readonly name: string
  readonly listen: readonly string[]
  readonly announce?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly agents?: readonly Agent[]
}

/** `folder` is to be empty. They know each other's agents when this resolves. */
export async function startChain(folder: string, agents: ChainedAgents): Promise<ChainedNodes> {
  const path = join(folder, 'c.sock')
  const link = await layBreakableLink(path)
  const start = (plan: NodePlan): Promise<Assembly> => startNode(folder, plan)
  const a = await start({ name: 'a', listen: [LOOPBACK] })
  const d = await start({ name: 'd', listen: [LOOPBACK], agents: agents.d })
  const c = await start({
    name: 'c',
    listen: [`/unix/${encodeURIComponent(path)}`],
    announce: [link.address],
    bootstrap: d.wire.network.addresses(),
    agents: agents.c
  })
  const startB = (): Promise<Assembly> =>
    start({
      name: 'b',
      listen: [],
      bootstrap: [...a.wire.network.addresses(), link.address],
      agents: agents.b
    })
  let b = await startB()
  await Promise.all([knows(a, agents.b), knows(b, agents.c), knows(c, agents.d)])
  return {
    a,
    link,
    async restartB() {
      await b.stop()
      b = await startB()
    },
    async stop() {
      for (const node of [a, b, c, d]) await node.stop()
      await link.close()
    }
  }
}

async function knows({ capabilities }: Assembly, agents: readonly Agent[]): Promise<void> {
  for (const { id } of agents) {
    await vi.waitFor(
      async () => {
        const { providers } = await capabilities.finder.find(`@${id}`)
        if (providers.length === 0) throw new Error(`nobody is known to have ${id}`)
      },
      { timeout: 15_000, interval: 10 }
    )
  }
}

async function startNode(
  folder: string,
  { name, agents = [], ...config }: NodePlan
): Promise<Assembly> {
  const assembly = await assemble(
    { clock: systemClock, random: systemRandom, logger: silentLogger },
    {
      config: nodeConfigSchema.parse({
        ...config,
        name,
        discovery: { mdns: false, sameHost: false },
        agents: { enabled: [] }
      }),
      paths: resolvePaths({ LUMOS_HOME: join(folder, name) }),
      swarmKey: new Secret(SWARM_KEY),
      version: '0.0.0',
      agents
    }
  )
  await assembly.start()
  return assembly
}
