/** What one peer may use of this node at most, by what it is to the swarm: who is trusted less gets less. */
import { LIMITS } from '../core/limits.ts'
import type { Role } from './roles.ts'

/** Limits of one peer that differ by its role. */
const RATES = [
  'callRate',
  'callBurst',
  'requestRate',
  'requestBurst',
  'gossipRate',
  'gossipBurst',
  'memoryServeRate',
  'memoryServeBurst'
] as const
/** What is held for a peer at the same time: never more than the limit, which leaves room for others. */
const COUNTS = [
  'callsPerPeer',
  'agentTasksPerPeer',
  'tasksWaitingPerPeer',
  'tasksHeldBytesPerPeer',
  'memoryCallsPerPeer'
] as const

export const QUOTA_NAMES = [...RATES, ...COUNTS] as const

export type Quotas = Readonly<Record<(typeof QUOTA_NAMES)[number], number>>

/**
 * Of each limit. A member has all of it, since most swarms have nothing but members, and the figures of
 * docs/benchmarks.md are theirs. Workers are asked more than they ask, a client is one person, a relay has
 * little to say, and who is no member has at most a grant.
 */
const ROLE_SHARES: Readonly<Record<Role | 'stranger', number>> = {
  owner: 2,
  admin: 2,
  member: 1,
  worker: 1 / 2,
  client: 1 / 4,
  relay: 1 / 8,
  stranger: 1 / 16
}

/** The same object for the same role; `undefined` is one that is no member. */
export function quotasOf(role: Role | undefined): Quotas {
  return QUOTAS[role ?? 'stranger']
}

function shareOf(share: number): Quotas {
  const amount = (name: keyof Quotas, most: number): [string, number] => [
    name,
    Math.max(1, Math.floor(LIMITS[name].value * Math.min(share, most)))
  ]
  const rates = RATES.map((name) => amount(name, Infinity))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.fromEntries forgets the names
  return Object.fromEntries([...rates, ...COUNTS.map((name) => amount(name, 1))]) as Quotas
}

const QUOTAS: Readonly<Record<keyof typeof ROLE_SHARES, Quotas>> = {
  owner: shareOf(ROLE_SHARES.owner),
  admin: shareOf(ROLE_SHARES.admin),
  member: shareOf(ROLE_SHARES.member),
  worker: shareOf(ROLE_SHARES.worker),
  client: shareOf(ROLE_SHARES.client),
  relay: shareOf(ROLE_SHARES.relay),
  stranger: shareOf(ROLE_SHARES.stranger)
}
