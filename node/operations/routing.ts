/** Who would be asked for a task, for people who wonder. */
import { API_VERSION } from '../../client/api.ts'
import type { RouteExplanation, RouteQuery } from '../../client/routing-api.ts'
import type { Assembly } from '../assembly.ts'

export async function explainRoute(
  { work }: Pick<Assembly, 'work'>,
  { target, to, where = 'any', policy, contextId }: RouteQuery,
  signal: AbortSignal
): Promise<RouteExplanation> {
  const question = {
    target,
    where,
    ...(to !== undefined && { to }),
    ...(policy && { policy }),
    ...(contextId !== undefined && { thread: contextId })
  }
  const explanation = await work.explainRoute(question, signal)
  return {
    v: API_VERSION,
    target,
    policy: explanation.policy,
    lookupMs: explanation.lookupMs,
    candidates: explanation.candidates.map(({ provider, ...facts }) => {
      const { peer: id, name, local, connected, idempotent, slots = null } = provider
      return { ...facts, peer: { id, name }, local, connected, idempotent, slots }
    })
  }
}
