/** What members and grants let peers have done here: asked for each task, noted in the audit log. */
import { narrowChain } from '../core/chain.ts'
import type { Chain } from '../core/chain.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { TaskGate, TaskPermission, TaskWish } from '../tasks/permission.ts'
import type { AuditEvent, AuditLog } from '../trust/audit-log.ts'
import type { Authority, Permitted } from '../trust/authority.ts'
import type { GrantQuotas, GrantUse } from '../trust/grants/quotas.ts'

export interface TaskGateComponents {
  readonly authority: Pick<Authority, 'decide' | 'judge'>
  readonly quotas: GrantQuotas
  readonly audit: Pick<AuditLog, 'note'>
  /** Ids of the skills of an agent of this node. */
  readonly skillsOf: (agentId: string) => readonly string[]
}

const OPERATION = 'task.send'

export function createTaskGate(components: TaskGateComponents, self: PeerIdText): TaskGate {
  const { authority, quotas, audit } = components

  return (wish) => {
    const { caller, agentId, chain } = wish
    // Who sits at this machine needs nobody's leave; for whom a peer asks here, that peer has said.
    if (caller === self) return { chain, proven: false, ...NOTHING_TAKEN }
    const skills = namesOf(wish, components.skillsOf(agentId))
    const permitted = authority.decide(caller, { operation: OPERATION, skills })
    const grant = permitted.by === 'grant' ? permitted.grant : undefined
    const event = { who: caller, did: OPERATION, what: agentId, ...(grant && { grant: grant.id }) }
    // Models and agents of other makers speak with whom they like: nothing here could keep that promise.
    if (grant?.limits.egress === false) refuse('egress', { audit, event })
    checkOthers(chain, { components, event, skills, self })
    const use = grant === undefined ? NOTHING_TAKEN : take(quotas, grant, { audit, event })
    audit.note({ ...event, allowed: true })
    return { chain: within(wish, permitted), proven: false, ...use }
  }
}

const NOTHING_TAKEN: GrantUse = { end: () => {}, undo: () => {} }

/** All names of what is asked for: a skill that the agent does not have is none. */
function namesOf({ agentId, skill }: TaskWish, skills: readonly string[]): readonly string[] {
  if (skill !== undefined && skills.includes(skill)) return [agentId, skill]
  const [only, another] = skills
  return only !== undefined && another === undefined ? [agentId, only] : [agentId]
}

interface Named {
  readonly components: TaskGateComponents
  readonly event: Omit<AuditEvent, 'allowed'>
  readonly skills: readonly string[]
  readonly self: PeerIdText
}

/**
 * Whoever is asked on behalf of others does no more than each of them might have had done: a task that
 * was passed on is no way around what its first asker may not.
 */
function checkOthers({ path }: Chain, { components, event, skills, self }: Named): void {
  const { authority, audit } = components
  for (const peer of new Set(path.map((hop) => hop.peer))) {
    if (peer === event.who || peer === self) continue
    const decision = authority.judge(peer, { operation: OPERATION, skills })
    if (decision.allowed) continue
    // That peer may never have asked: it is the caller who says so.
    refuse('on-behalf', { audit, event })
  }
}

interface Noting {
  readonly audit: Pick<AuditLog, 'note'>
  readonly event: Named['event']
}

function refuse(reason: string, { audit, event }: Noting): never {
  audit.note({ ...event, allowed: false, reason })
  throw new LumosError('FORBIDDEN', { details: { operation: OPERATION, reason } })
}

function take(
  quotas: GrantQuotas,
  grant: Parameters<GrantQuotas['take']>[0],
  { audit, event }: Noting
): GrantUse {
  try {
    return quotas.take(grant)
  } catch (error) {
    const reason = toLumosError(error).details['reason']
    audit.note({ ...event, allowed: false, reason: String(reason) })
    throw error
  }
}

function within({ chain, depth }: TaskWish, permitted: Permitted): TaskPermission['chain'] {
  if (permitted.by === 'role') return chain
  const { depth: hops = Infinity, tokens, money } = permitted.grant.limits
  return narrowChain(chain, {
    maxHops: depth + hops,
    ...(tokens !== undefined && { tokens: Math.floor(tokens) }),
    ...(money !== undefined && { money })
  })
}
