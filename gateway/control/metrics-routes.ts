/** The part of the table of the control API that is about how the node is doing. */
import { documentRoute } from './route.ts'
import * as schema from './schema/vitals.ts'

export const metricsRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/vitals',
    id: 'vitals',
    summary: 'How the node is doing: now, in the last minutes, and with each peer',
    query: schema.vitalsQuery,
    answer: schema.vitals,
    handle: (operations, { query }) => operations.vitals(query)
  })
]
