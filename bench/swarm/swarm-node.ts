/** One whole node of the swarm that is measured: what it offers, and what the bench asks of it. */
import { defineAgent } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'
import type { MemorySpace } from '../../memory/shared-memory.ts'
import type { Assembly } from '../../node/assembly.ts'
import { startSecludedNode } from '../../test/support/secluded-node.ts'
import { nowMs } from '../memory/clock.ts'

/** Keys that nodes watch, so that it is known when a put has reached them. */
export const LIVE = 'live/'
/** What each node can do. */
export const SHARED_SKILL = 'say-again'

export interface NodeSpec {
  readonly index: number
  readonly home: string
  readonly bootstrap: readonly string[]
  /** Without it, the system chooses a port of loopback. */
  readonly listen?: string
}

export interface SwarmNode {
  readonly index: number
  readonly assembly: Assembly
  readonly shared: MemorySpace
  /** When a key below {@link LIVE} came. */
  readonly arrivals: Map<string, number>
  stop(): Promise<void>
}

export function nameOf(index: number): string {
  return `n${String(index).padStart(4, '0')}`
}

/** What this node alone can do. */
export function skillOf(index: number): string {
  return `only-${nameOf(index)}`
}

function agentOf(index: number): Agent {
  return defineAgent({
    id: 'worker',
    description: 'says what it is told',
    skills: [skillOf(index), SHARED_SKILL].map((id) => ({
      id,
      name: id,
      description: 'says it again',
      tags: ['bench']
    })),
    idempotent: true,
    async *run({ text }) {
      yield text
    }
  })
}

/** As `lumos up` has it, but that it looks for others at `bootstrap` only, and listens on loopback. */
export async function startSwarmNode({
  index,
  home,
  bootstrap,
  listen = '/ip4/127.0.0.1/tcp/0'
}: NodeSpec): Promise<SwarmNode> {
  const assembly = await startSecludedNode({
    name: nameOf(index),
    listen: [listen],
    home,
    bootstrap,
    agents: [agentOf(index)]
  })
  const shared = assembly.memory.space('shared')
  const arrivals = new Map<string, number>()
  const stopping = new AbortController()
  const watching = watch(shared, arrivals, stopping.signal)
  return {
    index,
    assembly,
    shared,
    arrivals,
    async stop() {
      stopping.abort()
      await watching
      await assembly.stop()
    }
  }
}

async function watch(
  space: MemorySpace,
  arrivals: Map<string, number>,
  signal: AbortSignal
): Promise<void> {
  for await (const event of space.watch({ prefix: LIVE }, signal)) {
    if (event.type === 'put') arrivals.set(event.entry.key, nowMs())
  }
}
