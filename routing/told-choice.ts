/** A choice in the words of the task's story: few and rounded, for it is kept with every task. */
import type { RouteCandidate, RouteChoice } from '../core/route-choice.ts'
import type { Compared, Demand } from './policy.ts'
import type { Choice } from './selector.ts'

export function told({ provider, compared, excluded }: Choice, { policy }: Demand): RouteChoice {
  const chosenFirst = compared.toSorted(
    (a, b) => Number(b.provider === provider) - Number(a.provider === provider)
  )
  return { policy, compared: chosenFirst.map(candidateOf), excluded }
}

export function candidateOf({ provider, estimate }: Compared): RouteCandidate {
  return {
    node: provider.name,
    agent: provider.agentId,
    rttMs: tenths(estimate.rttMs),
    queueMs: tenths(estimate.queueMs),
    runMs: tenths(estimate.runMs),
    costMs: tenths(estimate.cost),
    success: Math.round(estimate.success * 1000) / 1000,
    inFlight: estimate.inFlight,
    load: provider.load ?? null,
    price: provider.price ?? 0,
    measured: estimate.measured
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
