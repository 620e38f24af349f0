import { createTool } from '@mastra/core/tools'
import { z } from 'zod'

export const deleteTool = createTool({
  id: 'delete-record',
  description: 'Delete a record by its id',
  inputSchema: z.object({ id: z.string() }),
  outputSchema: z.object({ deleted: z.string() }),
  requireApproval: true,
  execute: async ({ id }) => ({ deleted: id })
})
