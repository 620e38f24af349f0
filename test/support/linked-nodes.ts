/** Two whole nodes, a caller and a worker, with nothing between them but a link that can break. */
import { join } from 'node:path'
import type { Agent } from '../../agents/agent.ts'
import type { Assembly } from '../../node/assembly.ts'
import { layBreakableLink } from './breakable-link.ts'
import type { BreakableLink } from './breakable-link.ts'
import { startSecludedNode } from './secluded-node.ts'

export interface LinkedNodes {
  readonly caller: Assembly
  readonly worker: Assembly
  readonly link: BreakableLink
  stop(): Promise<void>
}

/** They meet when the first task looks for its agent with patience. `folder` is to be empty. */
export async function startLinkedNodes(
  folder: string,
  agents: readonly Agent[]
): Promise<LinkedNodes> {
  // The worker listens where nobody can go but the link, and the caller nowhere, so that only one way joins them.
  const path = join(folder, 'worker.sock')
  const link = await layBreakableLink(path)
  const worker = await startSecludedNode({
    home: join(folder, 'worker'),
    name: 'worker',
    listen: [`/unix/${encodeURIComponent(path)}`],
    announce: [link.address],
    agents
  })
  const caller = await startSecludedNode({
    home: join(folder, 'caller'),
    name: 'caller',
    listen: [],
    bootstrap: [link.address]
  })
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
