/** Gives the built-in tools what they need of the node: its way to the web, and who is in the swarm. */
import { createBuiltinTools } from '../agents/tools/builtin/builtin-tools.ts'
import type { BuiltinTools } from '../agents/tools/builtin/builtin-tools.ts'
import type { Clock } from '../core/clock.ts'
import { createWebTargets } from '../core/web-targets.ts'
import type { Finder } from '../discovery/directory/find.ts'
import type { NodeConfig } from './config/schema.ts'
import { createWebSender } from './web-sender.ts'

export interface NodeBuiltinToolsComponents {
  readonly clock: Clock
  /** Asked when an agent looks for another one; `undefined` until there is one. */
  readonly finder: () => Pick<Finder, 'find'> | undefined
}

export interface NodeBuiltinToolsInit {
  readonly tools: Pick<NodeConfig['tools'], 'http' | 'files' | 'shell'>
  /** Whether this node keeps the shared memory. */
  readonly memory: boolean
}

export function createNodeBuiltinTools(
  { clock, finder }: NodeBuiltinToolsComponents,
  { tools: { http, files, shell }, memory }: NodeBuiltinToolsInit
): BuiltinTools {
  return createBuiltinTools(
    {
      clock,
      send: createWebSender({ targets: createWebTargets(http.allow) }),
      async find(query, options) {
        // What a model looks for must not be read by others: of the DHT, whoever keeps the key would.
        const found = await finder()?.find(query, { ...options, narrow: true })
        return (found?.providers ?? []).map(({ agentId, skill, name, local }) => ({
          agent: agentId,
          skill: skill.id,
          description: skill.description,
          node: name,
          local
        }))
      }
    },
    { http, files, shell: { ...shell, timeMs: shell.timeout }, memory }
  )
}
