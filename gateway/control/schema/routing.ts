/** What the control API says about the choice of a worker: schemas of client/api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/routing-api.ts'
import { ROUTE_POLICIES, ROUTE_VERDICTS } from '../../../core/route-choice.ts'
import type { RouteChoice } from '../../../core/route-choice.ts'
import { count, ms, named, node, v } from './document.ts'

const part = z.number().min(0).max(1)

const candidate = {
  node: z.string(),
  agent: z.string(),
  rttMs: ms,
  queueMs: ms,
  runMs: ms,
  costMs: ms.describe('Until somebody has finished it, when failures are repeated: least wins.'),
  success: part,
  inFlight: count.describe('Tasks that this node has there.'),
  load: part.nullable().describe('What it says of itself.'),
  price: z.number(),
  measured: count.describe('Tasks of which the run time is known; with 0 it is a guess.')
}

export const routeChoice: z.ZodType<RouteChoice> = named(
  'RouteChoice',
  z.strictObject({
    policy: z.enum(ROUTE_POLICIES),
    compared: z.array(z.strictObject(candidate)).describe('The chosen one first.'),
    excluded: z.record(z.string(), count).describe('How many were passed over, by reason.')
  })
)

export const routeExplanation: z.ZodType<api.RouteExplanation> = named(
  'RouteExplanation',
  z.strictObject({
    v,
    target: z.string(),
    policy: z.enum(ROUTE_POLICIES),
    lookupMs: ms,
    candidates: z
      .array(
        z.strictObject({
          ...candidate,
          peer: node,
          local: z.boolean(),
          connected: z.boolean(),
          path: z.enum(['local', 'direct', 'relay']),
          slots: count.nullable(),
          idempotent: z.boolean(),
          runP50Ms: ms.nullable(),
          runP95Ms: ms.nullable(),
          queueP95Ms: ms.nullable(),
          firstEventP95Ms: ms.nullable(),
          chance: part.describe('Of being asked, if it were now.'),
          why: z.enum(ROUTE_VERDICTS),
          excludedMs: ms.describe('How long it is passed over yet.')
        })
      )
      .describe('Likeliest first.')
  })
)

export const routeQuery: z.ZodType<api.RouteQuery, api.RouteQuery> = z.strictObject({
  target: z.string().min(1).max(512).describe('As for a run.'),
  to: z.string().min(1).max(512).exactOptional().describe('Only this node.'),
  where: z.enum(['local', 'remote', 'any']).exactOptional(),
  policy: z.enum(ROUTE_POLICIES).exactOptional().describe('Without it as configured.'),
  contextId: z.string().min(1).max(128).exactOptional().describe('For the policy `sticky`.')
})
