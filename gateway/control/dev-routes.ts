/** The part of the table of the control API that is about agents under development. */
import { linesRoute } from './route.ts'
import { devEvent, devRequest } from './schema/dev.ts'

export const devRoutes = [
  linesRoute({
    method: 'POST',
    path: '/v1/dev',
    id: 'develop',
    summary: 'Runs a project anew with each save, as long as the answer is read',
    body: devRequest,
    answer: devEvent,
    audit: ({ body }) => body.path,
    handle: (operations, { body, signal }) => operations.develop(body, signal)
  })
]
