/** A process with one node that puts without end, and says which puts it was told are done: to be killed. */
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { assemble } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'

const [home = '', runtime = '', round = ''] = process.argv.slice(2)
/** Puts under way at any moment. */
const IN_FLIGHT = 16

const node = await assemble(
  { clock: systemClock, random: systemRandom, logger: silentLogger },
  {
    config: nodeConfigSchema.parse({
      name: 'killed',
      listen: ['/ip4/127.0.0.1/tcp/0'],
      discovery: { mdns: false },
      agents: { enabled: [] }
    }),
    paths: resolvePaths({ LUMOS_HOME: home, LUMOS_RUNTIME_DIR: runtime }),
    version: '0.0.0'
  }
)
await node.start()
const space = node.memory.space('shared')

async function putForEver(lane: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    // Some keys are overwritten time and again: rows of the loser go in the same batch.
    const key = index % 3 === 0 ? `again/${lane}` : `round/${round}/${lane}/${index}`
    const { writer, time } = await space.put(key, Buffer.from(`${round} ${lane} ${index}`))
    process.send?.({ key, index, writer, time })
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => putForEver(lane)))
