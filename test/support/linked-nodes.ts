/** Two whole nodes, a caller and a worker, with nothing between them but a link that can break. */
import { join } from 'node:path'
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

export interface LinkedNodes {
  readonly caller: Assembly
  readonly worker: Assembly
  readonly link: BreakableLink
  stop(): Promise<void>
}

const SWARM_KEY = '0123456789abcdef'.repeat(4)

interface End {
  readonly folder: string
  readonly name: string
  readonly listen: readonly string[]
  readonly announce?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly agents?: readonly Agent[]
}

async function startEnd({ folder, name, agents = [], ...config }: End): Promise<Assembly> {
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

/** They meet when the first task looks for its agent with patience. `folder` is to be empty. */
export async function startLinkedNodes(
  folder: string,
  agents: readonly Agent[]
): Promise<LinkedNodes> {
  // The worker listens where nobody can go but the link, and the caller nowhere, so that only one way joins them.
  const path = join(folder, 'worker.sock')
  const link = await layBreakableLink(path)
  const worker = await startEnd({
    folder,
    name: 'worker',
    listen: [`/unix/${encodeURIComponent(path)}`],
    announce: [link.address],
    agents
  })
  const caller = await startEnd({ folder, name: 'caller', listen: [], bootstrap: [link.address] })
  return {
    caller,
    worker,
    link,
    async stop() {
      await caller.stop()
      await worker.stop()
      await link.close()
    }
  }
}
