/** The part of the table of the control API that is about how the node is doing. */
import { z } from 'zod'
import { documentRoute, textRoute } from './route.ts'
import * as schema from './schema/vitals.ts'

/** Text format 0.0.4, which every Prometheus reads. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const metricsRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/vitals',
    id: 'vitals',
    summary: 'How the node is doing: now, in the last minutes, and with each peer',
    query: schema.vitalsQuery,
    answer: schema.vitals,
    handle: (operations, { query }) => operations.vitals(query)
  }),
  textRoute({
    method: 'GET',
    path: '/metrics',
    id: 'metrics',
    summary: 'All metrics in the text format of Prometheus (docs/metrics.md)',
    answer: z.string(),
    contentType: METRICS_TYPE,
    handle: (operations) => operations.metrics()
  })
]
