/** A whole node of a test's own swarm, which looks for nobody by itself. */
import type { z } from 'zod'
import type { Agent } from '../../agents/agent.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Logger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { assemble } from '../../node/assembly.ts'
import type { Assembly } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'

const SWARM_KEY = '0123456789abcdef'.repeat(4)

export interface SecludedNodeInit extends Pick<
  z.input<typeof nodeConfigSchema>,
  'name' | 'listen' | 'announce' | 'network' | 'tasks' | 'gateway' | 'models' | 'metrics'
> {
  readonly home: string
  readonly bootstrap?: readonly string[]
  /** All that it has: none is built in. */
  readonly agents?: readonly Agent[] | undefined
  readonly logger?: Logger
}

/** Started; the test has to stop it. */
export async function startSecludedNode({
  home,
  agents = [],
  bootstrap = [],
  logger = silentLogger,
  ...config
}: SecludedNodeInit): Promise<Assembly> {
  const assembly = await assemble(
    { clock: systemClock, random: systemRandom, logger },
    {
      config: nodeConfigSchema.parse({
        ...config,
        bootstrap: [...bootstrap],
        discovery: { mdns: false, sameHost: false },
        agents: { enabled: [] }
      }),
      paths: resolvePaths({ LUMOS_HOME: home }),
      swarmKey: new Secret(SWARM_KEY),
      version: '0.0.0',
      agents
    }
  )
  await assembly.start()
  return assembly
}
