/** What happens at a node, as the control API tells it: a schema of NodeEvent in client/live-api.ts. */
import { z } from 'zod'
import type { NodeEvent } from '../../../client/live-api.ts'
import { taskState } from './a2a.ts'
import { named } from './document.ts'
import { agentSummary, peer } from './node.ts'

const id = z.string()

export const nodeEvent: z.ZodType<NodeEvent> = named(
  'NodeEvent',
  z.discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('resync') })
      .describe('What came before is not told: ask for the lists anew.'),
    z.strictObject({ type: z.literal('peer'), peer }),
    z.strictObject({ type: z.literal('peer-gone'), id }),
    z.strictObject({ type: z.literal('agent'), agent: agentSummary }),
    z.strictObject({ type: z.literal('agent-gone'), id, node: id.describe('PeerId.') }),
    z
      .strictObject({
        type: z.literal('task'),
        id,
        contextId: z.string(),
        agent: z.string(),
        state: taskState
      })
      .describe('One that its reader may see is in another state.')
  ])
)
