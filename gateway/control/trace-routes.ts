/** The part of the table of the control API that is about where the time of tasks goes. */
import { z } from 'zod'
import { documentRoute } from './route.ts'
import { taskTrace } from './schema/trace.ts'

export const traceRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/tasks/{id}/trace',
    id: 'taskTrace',
    summary: 'Where the time of a task went, on all nodes that took part',
    params: z.strictObject({ id: z.string().min(1).max(1024).describe('Task id.') }),
    answer: taskTrace,
    handle: (operations, { params }) => operations.taskTrace(params.id)
  })
]
