/** Routes of the control API for looking for agents, and for whom a task would go to. */
import { z } from 'zod'
import { documentRoute, linesRoute } from './route.ts'
import { yesNo } from './schema/document.ts'
import * as node from './schema/node.ts'
import * as routing from './schema/routing.ts'

const query = z.strictObject({
  q: z.string().min(1).max(1024).describe('Skill, tag, agent or words; demands such as `lang=de`.'),
  all: yesNo.describe('Ask the DHT too, even when the directory has answers.')
})

export const findRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/find',
    id: 'find',
    summary: 'Who offers a capability',
    query,
    answer: node.findResult,
    handle: (operations, { query: { q, all }, signal }) => operations.find(q, { all, signal })
  }),
  linesRoute({
    method: 'GET',
    path: '/v1/find/watch',
    id: 'watchFind',
    summary: 'Who offers a capability, and then who comes, changes and goes',
    query,
    answer: node.findEvent,
    handle: (operations, { query: { q, all }, signal }) => operations.watchFind(q, { all, signal })
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/route',
    id: 'explainRoute',
    summary: 'Who would be asked, if it were now, and why not the others',
    query: routing.routeQuery,
    answer: routing.routeExplanation,
    handle: (operations, { query: question, signal }) => operations.explainRoute(question, signal)
  })
]
