/** Whole nodes that speak A2A with each other in a test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import type { z } from 'zod'
import { defineAgent } from '../../agents/agent.ts'
import type { Agent, AgentDefinition } from '../../agents/agent.ts'
import type { Logger } from '../../core/logger.ts'
import type { Assembly } from '../../node/assembly.ts'
import type { nodeConfigSchema } from '../../node/config/schema.ts'
import { createA2aClient } from '../../protocols/a2a/client.ts'
import type { A2aClient } from '../../protocols/a2a/client.ts'
import { startSecludedNode } from './secluded-node.ts'

/** An agent with one skill, named like it. */
export function testAgent(
  id: string,
  run: AgentDefinition['run'],
  more: Partial<AgentDefinition> = {}
): Agent {
  const skills = [{ id, name: id, description: id, tags: ['test'] }]
  return defineAgent({ id, description: id, skills, run, ...more })
}

/** A node that the test has to stop. */
export interface StartedAssembly {
  readonly assembly: Assembly
  stop(): Promise<void>
}

export interface AssemblyOptions {
  /** Stays when the node stops; default: one that does not. */
  readonly home?: string
  readonly tasks?: z.input<typeof nodeConfigSchema>['tasks']
  readonly gateway?: z.input<typeof nodeConfigSchema>['gateway']
  readonly models?: z.input<typeof nodeConfigSchema>['models']
  readonly metrics?: z.input<typeof nodeConfigSchema>['metrics']
  readonly logger?: Logger
}

/** A started node with these agents only, which looks for nobody by itself. */
export async function startAssembly(
  agents: readonly Agent[] = [],
  { home: lasting, tasks, gateway, models, metrics, logger }: AssemblyOptions = {}
): Promise<StartedAssembly> {
  const home = lasting ?? mkdtempSync(join(tmpdir(), 'lumos-test-'))
  const assembly = await startSecludedNode({
    home,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    agents,
    ...(tasks && { tasks }),
    ...(gateway && { gateway }),
    ...(models && { models }),
    ...(metrics && { metrics }),
    ...(logger && { logger })
  })
  return {
    assembly,
    async stop() {
      await assembly.stop()
      if (lasting === undefined) rmSync(home, { recursive: true, force: true })
    }
  }
}

/** The operations of `worker`'s agents as `caller` reaches them, over libp2p. */
export async function a2aBetween(caller: Assembly, worker: Assembly): Promise<A2aClient> {
  const [address] = worker.wire.network.addresses()
  if (address === undefined) throw new Error('the worker does not listen')
  await caller.wire.network.libp2p.dial(multiaddr(address))
  return createA2aClient(await caller.wire.sessions.connect(worker.wire.identity.peer))
}
