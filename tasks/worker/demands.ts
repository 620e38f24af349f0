/** What an agent demands of the node that asks it, checked where it runs: callers may be mistaken, or lie. */
import { asDemands, formatDemand, unmetDemand } from '../../core/attributes.ts'
import type { Attributes } from '../../core/attributes.ts'
import { LumosError } from '../../core/errors.ts'

/** @throws DEMANDS_UNMET */
export function checkDemands(
  agent: string,
  demands: readonly string[] = [],
  caller: () => Attributes
): void {
  if (demands.length === 0) return
  const unmet = unmetDemand(caller(), asDemands(demands))
  if (unmet === undefined) return
  throw new LumosError('DEMANDS_UNMET', { details: { agent, demand: formatDemand(unmet) } })
}
