/** The chain of a delegated task and what it spent, as they travel: what peers send of them is checked here. */
import { asBudget, asUsage, isNothing } from '../../core/budget.ts'
import type { Usage } from '../../core/budget.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { rootChain, traceparentOf } from '../../core/chain.ts'
import type { Chain, Hop } from '../../core/chain.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { traceOf } from '../../core/trace.ts'
import type { TraceContext } from '../../core/trace.ts'
import { asPriority } from '../../core/priority.ts'
import { CHAIN_EXTENSION, USAGE_EXTENSION } from './constants.ts'

/** Request metadata. */
export function chainMetadata(chain: Chain, taskId: string): JsonObject {
  const { path, maxHops, priority, budget } = chain
  return {
    [CHAIN_EXTENSION]: {
      traceparent: traceparentOf(chain, taskId),
      path: path.map((hop) => ({ ...hop })),
      maxHops,
      priority,
      ...(budget && { budget: { ...budget } })
    }
  }
}

/**
 * The chain of a request as its worker keeps it; without one, that of somebody at the caller's node.
 * Whoever sends it is the last that asked, and is known for sure; all before it is that one's word.
 *
 * @throws INVALID_REQUEST, ASKED_TOO_DEEP
 */
export function receiveChain(
  metadata: JsonObject | undefined,
  { caller, taskId }: { readonly caller: PeerIdText; readonly taskId: string }
): Chain {
  const root = rootChain(taskId)
  const origin = [{ peer: caller, agent: '' }]
  const value = metadata?.[CHAIN_EXTENSION]
  if (value === undefined) return { ...root, path: origin }
  if (!isJsonObject(value)) throw malformed('it is no object')
  const budget = value['budget'] === undefined ? undefined : asBudget(value['budget'])
  if (value['budget'] !== undefined && budget === undefined) throw malformed('its budget')
  const path = pathOf(value['path'])
  if (path.length > 0 && path.at(-1)?.peer !== caller) throw malformed('its path ends elsewhere')
  const { maxHops } = value
  return {
    trace: root.trace,
    ...traceOf(value['traceparent']),
    path: path.length === 0 ? origin : path,
    // More than this node allows is as much as it allows.
    maxHops:
      typeof maxHops === 'number' && maxHops >= 0 ? Math.min(maxHops, root.maxHops) : root.maxHops,
    priority: asPriority(value['priority']) ?? root.priority,
    ...(budget && { budget })
  }
}

/** What the task of a request is part of, before anything else of the request is looked at. */
export function traceOfRequest(metadata: JsonObject | undefined): TraceContext | undefined {
  const value = metadata?.[CHAIN_EXTENSION]
  return isJsonObject(value) ? traceOf(value['traceparent']) : undefined
}

/** Ids of peers and agents have at most so many characters. */
const MOST_PEER = 128
const MOST_AGENT = 64

function pathOf(value: unknown): readonly Hop[] {
  if (!Array.isArray(value)) throw malformed('its path is no list')
  const limit = LIMITS.agentAskDepth.value
  // The first is a person or a program.
  if (value.length > limit + 1) throw new LumosError('ASKED_TOO_DEEP', { details: { limit } })
  return value.map((hop: unknown) => {
    const { peer, agent } = isJsonObject(hop) ? hop : {}
    const isHop =
      typeof peer === 'string' &&
      typeof agent === 'string' &&
      peer.length <= MOST_PEER &&
      agent.length <= MOST_AGENT
    if (!isHop) throw malformed('its path')
    return { peer, agent }
  })
}

function malformed(what: string): LumosError {
  return new LumosError('INVALID_REQUEST', {
    details: { reason: `the chain of the task is malformed: ${what}` }
  })
}

/** Metadata of the event that ends a run; nothing when nobody counts and nothing was spent. */
export function usageMetadata(usage: Usage, isCounted: boolean): JsonObject {
  return isCounted || !isNothing(usage) ? { [USAGE_EXTENSION]: { ...usage } } : {}
}

/** What was spent by the end of a run; `undefined` when it is not told. */
export function usageOf({ task, statusUpdate }: StreamResponse): Usage | undefined {
  return asUsage((task ?? statusUpdate)?.metadata?.[USAGE_EXTENSION])
}
