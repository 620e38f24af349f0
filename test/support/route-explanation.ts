/** Whom a task would go to, as the control API explains it: one who stands well. */
import type { RouteStanding } from '../../client/routing-api.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'

/** One that could be asked. */
const standing: RouteStanding = {
  node: 'birch',
  agent: 'echo',
  peer: { id: '12D3KooWBirch', name: 'birch' },
  rttMs: 1,
  queueMs: 0,
  runMs: 20,
  costMs: 22,
  success: 1,
  inFlight: 0,
  load: 0.25,
  slots: 4,
  price: 0,
  measured: 3,
  local: false,
  connected: true,
  path: 'direct',
  idempotent: true,
  runP50Ms: 19,
  runP95Ms: 24,
  queueP95Ms: 0,
  firstEventP95Ms: 25,
  chance: 1,
  why: 'best',
  excludedMs: 0
}

export const explainRoute: ControlOperations['explainRoute'] = async ({
  target,
  policy = 'local-first'
}) => ({ v: 1, target, policy, lookupMs: 0, candidates: [standing] })
