/** Proves for whom a task is done: each peer that passes it on signs that the next one may act for the first. */
import { SignJWT } from 'jose'
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { GrantLimits } from '../../core/grant-words.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { Identity } from '../identity.ts'
import { signingKeyOf } from '../signing-key.ts'
import { claimsPayload, parseTaskClaims } from './claims.ts'
import type { TaskClaims } from './claims.ts'
import { CHAIN_LENGTH, lastOf, readChain, rightsOfChain, verifyChain } from './verify.ts'
import type { SeenTokens, TokenKind } from './verify.ts'

export interface BehalfInit {
  /** Who is asked. */
  readonly audience: PeerIdText
  /** Id of the task that it is asked for. */
  readonly task: string
  /** Trace id of the order that the task came of. */
  readonly root: string
  /** `swarm:<id>`. */
  readonly with: string
  /** `depth` counts how often `audience` may pass the task on. */
  readonly limits: Pick<GrantLimits, 'depth' | 'tokens' | 'money'>
  /** Milliseconds since the epoch: the deadline of the task. */
  readonly expiresAt: number
  /** Signed by those before, for this node; without it this node itself is who asks first. */
  readonly proof?: string
}

/** Resolves to `undefined` for what was passed on so often that nobody would believe another link. */
export type BehalfSigner = (init: BehalfInit) => Promise<string | undefined>

export interface BehalfCheck {
  /** This node. */
  readonly self: PeerIdText
  readonly task: string
  readonly root: string
  readonly with: string
  /** Who is said to have asked, in order; the last is the caller, whom the connection has proved. */
  readonly askers: readonly PeerIdText[]
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly isRevoked: (claims: Pick<TaskClaims, 'id' | 'issuer'>) => boolean
  readonly seen?: SeenTokens
}

const BEHALF_TYPE = 'lumos-behalf+jwt'
const BEHALF: TokenKind<TaskClaims> = { type: BEHALF_TYPE, parse: parseTaskClaims }

/** Clamps what it signs to what it was given itself: clocks of two nodes differ, and amounts are rounded. */
export function createBehalfSigner(
  { clock, random }: { readonly clock: Pick<Clock, 'now'>; readonly random: Random },
  identity: Identity
): BehalfSigner {
  const key = signingKeyOf(identity)
  return async (init) => {
    const before = init.proof === undefined ? [] : readChain(init.proof, BEHALF)
    if (before.length >= CHAIN_LENGTH) return undefined
    const issuedAt = wholeSeconds(clock.now())
    const claims: TaskClaims = {
      id: Buffer.from(random.bytes(16)).toString('hex'),
      issuer: identity.peer,
      audience: init.audience,
      issuedAt,
      with: init.with,
      can: ['task/send'],
      task: init.task,
      root: init.root,
      ...within(init, before),
      ...(init.proof !== undefined && { proof: init.proof })
    }
    const { task, root } = claims
    return new SignJWT({ ...claimsPayload(claims), task, root })
      .setProtectedHeader({ alg: 'EdDSA', typ: BEHALF_TYPE })
      .sign(await key)
  }
}

function within(
  { limits, expiresAt }: BehalfInit,
  before: readonly TaskClaims[]
): Pick<TaskClaims, 'limits' | 'expiresAt'> {
  const end = wholeSeconds(expiresAt)
  if (before.length === 0) return { limits, expiresAt: end }
  const rights = rightsOfChain(before)
  const most = { ...rights.limits, depth: Math.max(0, depthLeft(before) - 1) }
  const least = (name: 'depth' | 'tokens' | 'money'): GrantLimits => {
    const amount = Math.min(limits[name] ?? Infinity, most[name] ?? Infinity)
    return amount < Infinity ? { [name]: amount } : {}
  }
  return {
    limits: { ...least('depth'), ...least('tokens'), ...least('money') },
    expiresAt: Math.min(end, rights.expiresAt)
  }
}

/**
 * What the first asker lets be done for it here.
 *
 * @throws BEHALF_INVALID with a reason; `isStale` says that it may have been in order once
 */
export async function verifyBehalf(
  token: string,
  check: BehalfCheck
): Promise<Required<Pick<GrantLimits, 'depth'>> & Pick<GrantLimits, 'tokens' | 'money'>> {
  const chain = await chainOf(token, check)
  const issuers = chain.map(({ issuer }) => issuer)
  if (issuers.join(' ') !== check.askers.join(' '))
    throw invalid('others asked than those who signed')
  if (lastOf(chain).task !== check.task) throw invalid('it is for another task')
  if (chain.some(({ root }) => root !== check.root)) throw invalid('it is for another order')
  if (chain.some(({ with: place }) => place !== check.with))
    throw invalid('it is for another swarm')
  const depth = depthLeft(chain)
  if (depth < 0) throw invalid('it was passed on more often than was allowed')
  const { tokens, money } = rightsOfChain(chain).limits
  return { depth, ...(tokens !== undefined && { tokens }), ...(money !== undefined && { money }) }
}

async function chainOf(token: string, check: BehalfCheck): Promise<readonly TaskClaims[]> {
  const { self, askers, now, isRevoked, seen } = check
  const kind = { ...BEHALF, ...(seen && { seen }) }
  try {
    return await verifyChain(
      token,
      {
        presenter: self,
        now,
        isRoot: ({ issuer, with: place }) => issuer === askers[0] && place === check.with,
        isRevoked
      },
      kind
    )
  } catch (error) {
    const { code, details } = toLumosError(error)
    if (code === 'GRANT_EXPIRED') throw invalid('it has expired', true)
    if (code === 'GRANT_REVOKED') throw invalid('it was taken back', true)
    throw invalid(String(details['reason']))
  }
}

/** How often the audience of the last link may pass the task on: each link has used one of those before it. */
function depthLeft(chain: readonly TaskClaims[]): number {
  const left = chain.map(
    ({ limits: { depth = LIMITS.agentAskDepth.value } }, index) =>
      depth - (chain.length - 1 - index)
  )
  return Math.min(...left)
}

/** Tokens whose signatures matched; those of longest ago are forgotten. */
export function createSeenTokens(): SeenTokens {
  const seen = new Set<string>()
  return {
    has: (token) => seen.has(token),
    add(token) {
      seen.add(token)
      const [oldest] = seen
      if (seen.size > LIMITS.behalfSeen.value && oldest !== undefined) seen.delete(oldest)
    }
  }
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

function invalid(reason: string, isStale = false): LumosError {
  return new LumosError('BEHALF_INVALID', { details: { reason, ...(isStale && { isStale }) } })
}
