/** The part of the table of the control API that tells what happens, as server-sent events. */
import { z } from 'zod'
import { TOPICS } from '../../client/live-api.ts'
import type { Topic } from '../../client/live-api.ts'
import { eventsRoute } from './route.ts'
import { nodeEvent } from './schema/events.ts'

const topics = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(TOPICS)).min(1))
  .transform((named): ReadonlySet<Topic> => new Set(named))
  .prefault(TOPICS.join(','))
  .describe(`Some of ${TOPICS.join(',')}; all without it.`)

export const eventRoutes = [
  eventsRoute({
    method: 'GET',
    path: '/v1/events',
    id: 'events',
    summary: 'What happens at this node: who comes, changes and goes, and how tasks stand',
    query: z.strictObject({
      topics,
      after: z
        .string()
        .max(128)
        .exactOptional()
        .describe('Place of the last event that is known; the same as the header Last-Event-ID.')
    }),
    answer: nodeEvent,
    handle: (operations, { query, signal }) =>
      operations.watch(query.topics, {
        signal,
        ...(query.after !== undefined && { after: query.after })
      })
  })
]
