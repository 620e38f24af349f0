/** The ways to choose among workers that can be asked, by name. */
import type { RoutePolicy } from '../core/route-choice.ts'
import type { Random } from '../core/random.ts'
import type { RouteProvider } from './directory-port.ts'
import type { Estimate } from './estimate.ts'

/**
 * Nothing leaves the node that need not: no other's machine is used, no text is shown to it, and it
 * works when nobody else is there. An own agent that is full competes with the others.
 */
export const DEFAULT_POLICY: RoutePolicy = 'local-first'

/** What is asked for, as far as the choice depends on it. */
export interface Demand {
  readonly policy: RoutePolicy
  /** Conversation that the task belongs to (A2A contextId). */
  readonly thread?: string
}

export interface PolicyComponents {
  readonly random: Random
  readonly estimate: (provider: RouteProvider) => Estimate
  /** When this node asked it last; -Infinity for never. */
  readonly askedAt: (provider: RouteProvider) => number
}

/** Whom a policy took, and between whom it decided. */
export interface Picked {
  readonly provider: RouteProvider
  /** Those that were compared, the one taken included. */
  readonly compared: readonly Compared[]
}

export interface Compared {
  readonly provider: RouteProvider
  readonly estimate: Estimate
}

/** The worker to ask; `undefined` without candidates. */
export function pick(
  demand: Demand,
  candidates: readonly RouteProvider[],
  parts: PolicyComponents
): Picked | undefined {
  return twoChoices(poolOf(demand, candidates, parts), parts)
}

/** Those between whom the time decides that each is expected to take. */
export function poolOf(
  { policy, thread }: Demand,
  candidates: readonly RouteProvider[],
  { askedAt }: Pick<PolicyComponents, 'askedAt'>
): readonly RouteProvider[] {
  switch (policy) {
    case 'local-first':
      return localFirst(candidates)
    case 'cheapest':
      return cheapest(candidates)
    case 'spread':
      return longestUnasked(candidates, askedAt)
    case 'sticky':
      return thread === undefined ? candidates : ownerOf(thread, candidates)
    case 'fastest':
    default:
      return candidates
  }
}

/**
 * Two are drawn and the one taken that is expected to finish first (Mitzenmacher 2001, "the power of
 * two choices"): always taking the very best would send the tasks of all nodes to the same peer at once.
 */
function twoChoices(
  candidates: readonly RouteProvider[],
  { random, estimate }: PolicyComponents
): Picked | undefined {
  const { length } = candidates
  const first = Math.floor(random.next() * length)
  // One of the others.
  const second = (first + 1 + Math.floor(random.next() * (length - 1))) % length
  const places = length > 1 ? [first, second] : [first]
  const compared = places.flatMap((place) => {
    const provider = candidates[place]
    return provider === undefined ? [] : [{ provider, estimate: estimate(provider) }]
  })
  const [one, other] = compared
  if (one === undefined) return undefined
  const best = other !== undefined && other.estimate.cost < one.estimate.cost ? other : one
  return { provider: best.provider, compared }
}

/** This node's own agent, unless all its places are taken: then it is one of many. */
function localFirst(candidates: readonly RouteProvider[]): readonly RouteProvider[] {
  const own = candidates.find(({ local }) => local)
  return own === undefined || (own.load ?? 0) >= 1 ? candidates : [own]
}

function cheapest(candidates: readonly RouteProvider[]): readonly RouteProvider[] {
  let least = Infinity
  for (const { price = 0 } of candidates) least = Math.min(least, price)
  return candidates.filter(({ price = 0 }) => price === least)
}

function longestUnasked(
  candidates: readonly RouteProvider[],
  askedAt: PolicyComponents['askedAt']
): readonly RouteProvider[] {
  let oldest = Infinity
  let found: RouteProvider[] = []
  for (const candidate of candidates) {
    const at = askedAt(candidate)
    if (at > oldest) continue
    if (at < oldest) found = []
    oldest = at
    found.push(candidate)
  }
  return found
}

/**
 * Rendezvous hashing (Thaler and Ravishankar 1998): every node gives a thread to the same worker, without
 * asking anybody, and when that one goes only its threads move.
 */
function ownerOf(thread: string, candidates: readonly RouteProvider[]): readonly RouteProvider[] {
  const seed = hashAll(thread)
  let best: RouteProvider | undefined
  let most = -1
  for (const candidate of candidates) {
    const weight = mixed(hash(candidate.agentId, hash(candidate.peer, seed)))
    if (weight <= most) continue
    most = weight
    best = candidate
  }
  return best === undefined ? [] : [best]
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** The ends of PeerIds are as good as random; their beginnings are all alike. */
const HASHED = 16

/** FNV-1a of the end of `text`, 32 bits. */
function hash(text: string, seed: number): number {
  let value = seed
  for (let at = Math.max(0, text.length - HASHED); at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), FNV_PRIME)
  }
  return value
}

/** Threads are whatever their callers name them. */
function hashAll(text: string): number {
  let value = FNV_OFFSET
  for (let at = 0; at < text.length; at += HASHED) value = hash(text.slice(at, at + HASHED), value)
  return value
}

/** The last step of MurmurHash3: FNV alone leaves names that end alike close together. */
function mixed(value: number): number {
  let mix = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
