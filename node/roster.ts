/** The roster of a node with what is there at its start; which agents are disabled outlives the process. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Agent } from '../agents/agent.ts'
import { createBuiltinAgents } from '../agents/builtin.ts'
import { createRoster } from '../agents/roster.ts'
import type { Roster } from '../agents/roster.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { NodeConfig } from './config/schema.ts'
import type { NodeComponents } from './wire.ts'

export interface NodeRosterInit {
  readonly config: NodeConfig
  readonly dataDirectory: string
  /** Beside the built-in ones. */
  readonly agents: readonly Agent[]
  /** For the use of the node alone. */
  readonly own: readonly Agent[]
  /** Resolves when other nodes are told of all agents that can be asked. */
  readonly announce: (agents: readonly Agent[]) => Promise<void>
}

interface Kept {
  readonly disabled: readonly string[]
}

const document = z.object({ disabled: z.array(z.string().max(64)) })

/** Far more than ids of all agents that a node may have. */
const FILE_BYTES = 64 * 1024

/** @throws AGENT_EXISTS, AGENTS_FULL */
export async function createNodeRoster(
  { clock, logger }: NodeComponents,
  { config, dataDirectory, agents, own, announce }: NodeRosterInit
): Promise<Roster> {
  const components = { clock, logger: logger.child('agents') }
  const file = createJsonFile<Kept>({
    path: join(dataDirectory, 'agents.json'),
    maxBytes: FILE_BYTES,
    parse: (value) => document.parse(value)
  })
  const read = await file.readNeeded('agents that were disabled would be offered')
  let kept = read?.disabled ?? []

  async function keepDisabled(disabled: readonly string[]): Promise<void> {
    if (disabled.join() === kept.join()) return
    await file.write({ disabled })
    kept = disabled
  }

  const roster = createRoster(components, {
    own,
    disabled: kept,
    async announce(usable) {
      await announce(usable)
      await keepDisabled(roster.disabled())
    }
  })
  await roster.assign('builtin', createBuiltinAgents(components, config.agents))
  await roster.assign('program', agents)
  return roster
}
