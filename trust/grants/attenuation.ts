/** A grant that is passed on never grows: what a chain of grants lets its last holder do. */
import type { GrantAction, GrantLimits } from '../../core/grant-words.ts'
import type { GrantClaims } from './claims.ts'

/** What the holder of a chain may do: the common part of all its grants. */
export interface GrantedRights {
  readonly with: string
  readonly can: readonly GrantAction[]
  readonly limits: GrantLimits
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

const AMOUNTS = ['rate', 'concurrency', 'tokens', 'money', 'depth'] as const

/** Why `child` claims more than `parent` lets its issuer pass on; `undefined` when it does not. */
export function widening(parent: GrantedRights, child: GrantClaims): string | undefined {
  if (child.with !== parent.with && !isNodeOf(child.with, parent.with)) return 'with'
  if (child.can.some((action) => !parent.can.includes(action))) return 'can'
  if (child.expiresAt > parent.expiresAt) return 'exp'
  const { limits } = child
  const grown = AMOUNTS.find((name) => (limits[name] ?? 0) > (parent.limits[name] ?? Infinity))
  if (grown !== undefined) return grown
  const { skills } = parent.limits
  const wide = limits.skills?.some((skill) => !coversSkill(skills, skill)) ?? false
  return wide ? 'skills' : undefined
}

export function rightsOf(claims: GrantClaims): GrantedRights {
  const { with: place, can, limits, expiresAt } = claims
  return { with: place, can, limits, expiresAt }
}

/** What is left of `parent` when its holder passes it on as `child`, which is no {@link widening}. */
export function narrowed(parent: GrantedRights, child: GrantClaims): GrantedRights {
  return { ...rightsOf(child), limits: { ...parent.limits, ...child.limits } }
}

/**
 * Whether one of `granted` names `skill`, or a branch that it is on. Without a list everything is
 * granted. `skill` may be a branch itself: all that is on it has to be.
 */
export function coversSkill(granted: readonly string[] | undefined, skill: string): boolean {
  if (granted === undefined) return true
  const wanted = skill.replace(/\.\*$/, '')
  return granted.some((name) => {
    if (!name.endsWith('.*')) return name === skill
    const branch = name.slice(0, -2)
    return wanted === branch || wanted.startsWith(`${branch}.`)
  })
}

/** Membership of the node is checked where it is used: at that node. */
function isNodeOf(child: string, parent: string): boolean {
  return child.startsWith('node:') && parent.startsWith('swarm:')
}
