/** What members and grants let peers have done here: asked for each task, noted in the audit log. */
import { askersOf, narrowChain } from '../core/chain.ts'
import type { Chain } from '../core/chain.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { TaskGate, TaskPermission, TaskWish } from '../tasks/worker/permission.ts'
import type { AuditEvent, AuditLog } from '../trust/audit-log.ts'
import type { Authority, Permitted } from '../trust/authority.ts'
import type { Blame } from '../trust/blame.ts'
import { nameOf } from '../trust/grants/quotas.ts'
import type { GrantQuotas, GrantUse } from '../trust/grants/quotas.ts'
import type { VerifiedGrant } from '../trust/grants/verify.ts'
import type { CheckBehalf } from './behalf.ts'

export interface TaskGateComponents {
  readonly authority: Pick<Authority, 'decide' | 'judge' | 'held'>
  readonly quotas: GrantQuotas
  readonly audit: Pick<AuditLog, 'note'>
  readonly blame: Pick<Blame, 'add'>
  readonly checkBehalf: CheckBehalf
  /** Ids of the skills of an agent of this node. */
  readonly skillsOf: (agentId: string) => readonly string[]
}

export interface TaskGateInit {
  readonly self: PeerIdText
  /** Whether a task that was passed on is refused without signatures of all who did. */
  readonly requireProof: boolean
}

const OPERATION = 'task.send'

export function createTaskGate(components: TaskGateComponents, init: TaskGateInit): TaskGate {
  const { authority, audit, skillsOf } = components

  /** What lets the caller ask for it, and what is noted of that. */
  function permit(wish: Turn): Pick<Asked, 'skills' | 'permitted' | 'event'> {
    const { caller, agentId } = wish
    const skills = namesOf(wish, skillsOf(agentId))
    const permitted = authority.decide(caller, { operation: OPERATION, skills })
    const grant = grantOf(permitted)
    const event = { who: caller, did: OPERATION, what: agentId, ...(grant && { grant: grant.id }) }
    return { skills, permitted, event }
  }

  return {
    admit(wish) {
      const { caller, chain } = wish
      // Who sits at this machine needs nobody's leave; for whom a peer asks here, that peer has said.
      if (caller === init.self) {
        return { chain, proven: chain.behalf !== undefined, ...NOTHING_TAKEN }
      }
      const asked: Asked = { ...components, ...init, wish, ...permit(wish) }
      return askersOf(chain).length > 1 ? passOn(asked) : allow(asked, { grants: [] })
    },
    checkTurn(wish) {
      if (wish.caller !== init.self) audit.note({ ...permit(wish).event, allowed: true })
    }
  }
}

type Turn = Parameters<TaskGate['checkTurn']>[0]

/** One task on its way through the gate. */
interface Asked extends TaskGateComponents, TaskGateInit {
  readonly wish: TaskWish
  /** All names of what is asked for. */
  readonly skills: readonly string[]
  readonly event: Omit<AuditEvent, 'allowed'>
  /** What lets the caller ask for it. */
  readonly permitted: Permitted
}

const NOTHING_TAKEN: GrantUse = { end: () => {}, undo: () => {} }

/** A skill that the agent does not have is none. */
function namesOf({ agentId, skill }: Turn, skills: readonly string[]): readonly string[] {
  if (skill !== undefined && skills.includes(skill)) return [agentId, skill]
  const [only, another] = skills
  return only !== undefined && another === undefined ? [agentId, only] : [agentId]
}

/** A task of somebody else than the caller. @throws BEHALF_INVALID, FORBIDDEN, OVERLOADED */
async function passOn(asked: Asked): Promise<TaskPermission> {
  const { wish, authority, requireProof } = asked
  const { proof } = wish
  if (proof === undefined) {
    if (requireProof) refuse('unproven', asked)
    return allow(asked, { grants: othersMay(asked, []) })
  }
  const most = await provenBounds(asked)
  const [first = wish.caller] = askersOf(wish.chain)
  // The first has signed that it is asked for by who shows its grants here.
  const grants = othersMay(asked, await authority.held(first, proof.grants ?? []))
  return allow(asked, { grants, most })
}

/** Who sends a proof that is none is at fault, but not for the time that has passed. */
async function provenBounds(asked: Asked): ReturnType<CheckBehalf> {
  const { wish, blame, checkBehalf } = asked
  try {
    return await checkBehalf(wish)
  } catch (error) {
    const { code, details } = toLumosError(error)
    if (details['isStale'] !== true) blame.add(wish.caller, 1, code)
    asked.audit.note({ ...asked.event, allowed: false, reason: code })
    throw error
  }
}

/**
 * Whoever is asked on behalf of others does no more than each of them might have had done: a task that
 * was passed on is no way around what its first asker may not. The grants by which they may.
 */
function othersMay(asked: Asked, held: readonly VerifiedGrant[]): readonly VerifiedGrant[] {
  const { wish, authority, skills, self } = asked
  const peers = new Set(askersOf(wish.chain))
  return [...peers].flatMap((peer) => {
    if (peer === wish.caller || peer === self) return []
    const decision = authority.judge(peer, { operation: OPERATION, skills }, held)
    // That peer may never have asked: it is the caller who says so.
    if (!decision.allowed) refuse('on-behalf', asked)
    return grantOf(decision) ?? []
  })
}

interface OnBehalf {
  /** By which those who asked before the caller may. */
  readonly grants: readonly VerifiedGrant[]
  /** What the first of them signed; absent when it is not proven that it asked. */
  readonly most?: Awaited<ReturnType<CheckBehalf>>
}

function allow(asked: Asked, { grants, most }: OnBehalf): TaskPermission {
  const { wish, permitted, quotas, audit, event } = asked
  const own = grantOf(permitted)
  const all = own === undefined ? grants : [own, ...grants]
  // Models and agents of other makers speak with whom they like: nothing here could keep that promise.
  if (all.some(({ limits }) => limits.egress === false)) refuse('egress', asked)
  // What is not proven to be asked for by another uses up nothing of what that one may.
  const counted = most === undefined ? own && [own] : all
  const use = counted === undefined ? NOTHING_TAKEN : take(quotas, counted, asked)
  audit.note({ ...event, allowed: true })
  const narrow = (chain: Chain, limits: VerifiedGrant['limits']): Chain =>
    within(chain, limits, wish.depth)
  const bounds = [...all.map(({ limits }) => limits), ...(most === undefined ? [] : [most])]
  const chain = bounds.reduce(narrow, wish.chain)
  if (most === undefined || wish.proof === undefined) return { chain, proven: false, ...use }
  return { chain: { ...chain, behalf: { task: wish.id, ...wish.proof } }, proven: true, ...use }
}

function grantOf(permitted: Permitted): VerifiedGrant | undefined {
  return permitted.by === 'grant' ? permitted.grant : undefined
}

function refuse(reason: string, { audit, event }: Pick<Asked, 'audit' | 'event'>): never {
  audit.note({ ...event, allowed: false, reason })
  throw new LumosError('FORBIDDEN', { details: { operation: OPERATION, reason } })
}

/** One more for each of them, or for none. */
function take(
  quotas: GrantQuotas,
  grants: readonly VerifiedGrant[],
  { audit, event }: Pick<Asked, 'audit' | 'event'>
): GrantUse {
  try {
    // Two may have theirs from the same one.
    const links = new Map(
      grants.flatMap((grant) => grant.links.map((link) => [nameOf(link), link]))
    )
    return quotas.take({ links: [...links.values()] })
  } catch (error) {
    const reason = toLumosError(error).details['reason']
    audit.note({ ...event, allowed: false, reason: String(reason) })
    throw error
  }
}

function within(
  chain: Chain,
  { depth: hops = Infinity, tokens, money }: VerifiedGrant['limits'],
  depth: number
): Chain {
  return narrowChain(chain, {
    maxHops: depth + hops,
    ...(tokens !== undefined && { tokens: Math.floor(tokens) }),
    ...(money !== undefined && { money })
  })
}
