/** MCP over HTTP for those outside of the swarm: the door joined with the tasks, agents and memory of this node. */
import type { Callers } from '../gateway/http/callers.ts'
import { createMcpHttpDoor } from '../gateway/mcp/http-door.ts'
import type { McpHttpDoor } from '../gateway/mcp/http-door.ts'
import type { Assembly } from './assembly.ts'
import { swarmOperations } from './operations.ts'
import { agentChanges } from './operations/mcp.ts'
import { runTask } from './operations/tasks.ts'

export function createNodeMcpDoor(
  assembly: Assembly,
  callers: Pick<Callers, 'permit' | 'reaches' | 'sees'>
): McpHttpDoor {
  const { components, capabilities, init, work } = assembly
  const { clock, logger } = components
  return createMcpHttpDoor(
    {
      clock,
      logger: logger.child('mcp'),
      callers,
      onAgents: agentChanges(capabilities),
      operations: {
        ...swarmOperations(assembly),
        runFor: (owner, request, signal) => runTask(assembly, request, { signal, owner }),
        ownerOf: async (task) => (await work.delegations.find(task))?.edge?.owner
      }
    },
    { version: init.version }
  )
}
