/** The one place that decides whether a peer may do what it asks for. */
import type { ApiScope } from '../core/grant-words.ts'
import type { PeerIdText } from '../core/ids.ts'
import { coversSkill } from './grants/attenuation.ts'
import type { VerifiedGrant } from './grants/verify.ts'
import { CONTROL_OPERATIONS, operationNamed } from './operations.ts'
import type { EdgeOperation, OperationName } from './operations.ts'
import type { Role } from './roles.ts'

/** Who asks, with all that speaks for it. */
export interface Asker {
  readonly peer: PeerIdText
  /** In this swarm; `undefined` for one that is no member. */
  readonly role: Role | undefined
  /** Those it has presented and that are in force, whatever they are for. */
  readonly grants: readonly VerifiedGrant[]
}

export interface Wish {
  readonly operation: OperationName
  /** Names of what a task is for, once it is known: that one of them is granted is enough. */
  readonly skills?: readonly string[]
}

export interface PolicyInit {
  readonly self: PeerIdText
  /** Of the swarm that this node is in. */
  readonly swarm: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type Decision =
  | { readonly allowed: true; readonly by: 'role' }
  /** Its limits hold for what is asked. */
  | { readonly allowed: true; readonly by: 'grant'; readonly grant: VerifiedGrant }
  | { readonly allowed: false; readonly reason: 'no-member' | 'role' | 'skill' }

/** A role allows without bounds; without one that does, the first grant that covers the wish counts. */
export function decide(asker: Asker, wish: Wish, init: PolicyInit): Decision {
  const row = operationNamed(wish.operation)
  const { role } = asker
  if (row.anybody === true) return { allowed: true, by: 'role' }
  if (role !== undefined && row.roles.includes(role)) return { allowed: true, by: 'role' }
  const action = row.grant
  const fitting = asker.grants.filter(
    (grant) =>
      action !== undefined &&
      grant.holder === asker.peer &&
      grant.can.includes(action) &&
      grant.expiresAt > init.now &&
      isHere(grant, init)
  )
  const { skills } = wish
  const grant = fitting.find(
    ({ limits }) => skills?.some((skill) => coversSkill(limits.skills, skill)) ?? true
  )
  if (grant !== undefined) return { allowed: true, by: 'grant', grant }
  if (fitting.length > 0) return { allowed: false, reason: 'skill' }
  return { allowed: false, reason: role === undefined ? 'no-member' : 'role' }
}

/**
 * Whether a token for HTTP lets its holder have that done: it makes a client of the swarm of whoever has
 * it, for what its scopes say. With those that are about this node itself, also somebody who looks after it.
 */
export function decideByScopes(
  scopes: readonly ApiScope[],
  operation: EdgeOperation
): { readonly allowed: true } | { readonly allowed: false; readonly reason: 'role' | 'scope' } {
  if (operation === 'control.read' || operation === 'control.write') {
    const isSaid = scopes.includes(CONTROL_OPERATIONS[operation].scope)
    return isSaid ? { allowed: true } : { allowed: false, reason: 'scope' }
  }
  const { roles, grant } = operationNamed(operation)
  if (!roles.includes('client')) return { allowed: false, reason: 'role' }
  if (grant === undefined || scopes.includes(grant)) return { allowed: true }
  return { allowed: false, reason: 'scope' }
}

function isHere({ with: place }: VerifiedGrant, { self, swarm }: PolicyInit): boolean {
  return place === `node:${self}` || place === `swarm:${swarm}`
}
