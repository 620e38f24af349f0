/** Who could do it, and by which policy one of them is chosen. */
import { askedInCircle, isInChain } from '../core/chain.ts'
import type { Chain } from '../core/chain.ts'
import type { Clock } from '../core/clock.ts'
import { agentUnknown, LumosError } from '../core/errors.ts'
import type { RoutePolicy } from '../core/route-choice.ts'
import type { WorkOrder } from '../tasks/caller/dispatcher.ts'
import { candidatesOf } from './choice.ts'
import type { RouteDirectory, RouteProvider } from './directory-port.ts'
import { DEFAULT_POLICY } from './policy.ts'
import type { Demand } from './policy.ts'
import { parseTarget, resolveNode } from './target.ts'

export interface LookupComponents {
  readonly directory: RouteDirectory
  readonly clock: Pick<Clock, 'monotonic'>
}

export interface LookupInit {
  /** For tasks that do not say by which policy their worker is chosen. */
  readonly policy?: RoutePolicy
  /** Likewise, by what was asked for: id of an agent or a skill, or a tag. */
  readonly policies?: Readonly<Record<string, RoutePolicy>>
}

export type RouteQuestion = Pick<WorkOrder, 'target' | 'to' | 'where' | 'policy' | 'chain'> & {
  /** The conversation (A2A contextId). */
  readonly thread?: string
}

export interface Found {
  /** At least one. */
  readonly candidates: readonly RouteProvider[]
  readonly demand: Demand
  /** Milliseconds. */
  readonly lookupMs: number
}

/** Throws AGENT_UNKNOWN, NO_ROUTE, PEER_UNKNOWN, PEER_AMBIGUOUS, ASKED_IN_CIRCLE. */
export type Lookup = (question: RouteQuestion, signal: AbortSignal) => Promise<Found>

export function createLookup({ directory, clock }: LookupComponents, init: LookupInit): Lookup {
  return async (question, signal) => {
    const began = clock.monotonic()
    const { query, exact, node: named } = parseTarget(question.target)
    const wanted = question.to ?? named
    const node = wanted === undefined ? undefined : resolveNode(wanted, directory.nodes())
    const providers = await directory.find(query, signal)
    signal.throwIfAborted()
    const fitting = candidatesOf(providers, { where: question.where, node })
    const candidates = outOfChain(fitting, question.chain)
    if (candidates.length === 0) {
      const agent = query.replace(/^@/, '')
      throw exact || node !== undefined
        ? agentUnknown(agent)
        : new LumosError('NO_ROUTE', { details: { capability: agent } })
    }
    const lookupMs = Math.round(clock.monotonic() - began)
    return { candidates, demand: demandOf(question, query, init), lookupMs }
  }
}

/** Those that do not wait for the answer themselves. */
function outOfChain(
  fitting: readonly RouteProvider[],
  chain: Chain | undefined
): readonly RouteProvider[] {
  if (chain === undefined || chain.path.length === 0) return fitting
  const isFree = ({ peer, agentId }: RouteProvider): boolean =>
    !isInChain(chain, { peer, agent: agentId })
  const free = fitting.filter(isFree)
  if (free.length === 0 && fitting[0] !== undefined) throw askedInCircle(fitting[0].agentId)
  return free
}

function demandOf(
  { policy, thread }: RouteQuestion,
  query: string,
  { policies = {}, policy: usual = DEFAULT_POLICY }: LookupInit
): Demand {
  const name = query.replace(/^@|\s.*/g, '')
  const configured = Object.hasOwn(policies, name) ? policies[name] : undefined
  return { policy: policy ?? configured ?? usual, ...(thread !== undefined && { thread }) }
}
