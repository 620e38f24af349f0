/** Four whole nodes in a row, a, b, c and d: the link between b and c can break, and b start again. */
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Agent } from '../../agents/agent.ts'
import type { Assembly } from '../../node/assembly.ts'
import { layBreakableLink } from './breakable-link.ts'
import type { BreakableLink } from './breakable-link.ts'
import { startSecludedNode } from './secluded-node.ts'
import type { SecludedNodeInit } from './secluded-node.ts'

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

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

type NamedNode = Omit<SecludedNodeInit, 'home'> & { readonly name: string }

/** `folder` is to be empty. They know each other's agents when this resolves. */
export async function startChain(folder: string, agents: ChainedAgents): Promise<ChainedNodes> {
  const path = join(folder, 'c.sock')
  const link = await layBreakableLink(path)
  const start = (init: NamedNode): Promise<Assembly> =>
    startSecludedNode({ home: join(folder, init.name), ...init })
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
