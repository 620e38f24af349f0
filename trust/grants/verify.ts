/** Checks a grant and every grant that it rests on; whatever is not understood is refused. */
import { compactVerify, decodeJwt } from 'jose'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { NO_HEIRS } from '../heirs.ts'
import type { Heirs } from '../heirs.ts'
import { verificationKeyOf } from '../signing-key.ts'
import { narrowed, rightsOf, widening } from './attenuation.ts'
import type { GrantedRights } from './attenuation.ts'
import { parseClaims } from './claims.ts'
import type { GrantClaims } from './claims.ts'
import { GRANT_TYPE } from './issue.ts'

export interface GrantCheck {
  /** Who presents it, as the connection has proved. */
  readonly presenter: PeerIdText
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether the issuer at the root of a chain has what it grants by its own right. */
  readonly isRoot: (root: GrantClaims) => boolean
  /** Of a grant, by its id. */
  readonly isRevoked: (claims: GrantClaims) => boolean
  /** Grants go with a node from key to key. */
  readonly heirs?: Heirs
}

/** Tokens that are passed on like grants: how they are told from others of the same key, and read. */
export interface TokenKind<C extends GrantClaims> {
  /** The `typ` of the header. */
  readonly type: string
  readonly parse: (payload: unknown) => C | undefined
  /** Where signatures that match are remembered; without it each is checked each time. */
  readonly seen?: SeenTokens
}

export interface SeenTokens {
  has(token: string): boolean
  add(token: string): void
}

const GRANTS: TokenKind<GrantClaims> = { type: GRANT_TYPE, parse: parseClaims }

/** A grant that is in force. Made only by {@link verifyGrant}. */
export interface VerifiedGrant extends GrantedRights {
  readonly id: string
  readonly holder: PeerIdText
  /** All grants of the chain, from its root: one that is revoked ends it, and each keeps its own count. */
  readonly links: readonly Pick<GrantClaims, 'id' | 'issuer' | 'issuedAt' | 'limits'>[]
}

/** Grants in one chain, the first included. */
export const CHAIN_LENGTH = 4

/** @throws GRANT_INVALID with a reason, GRANT_EXPIRED, GRANT_REVOKED */
export async function verifyGrant(token: string, check: GrantCheck): Promise<VerifiedGrant> {
  const chain = await verifyChain(token, check, GRANTS)
  const rights = rightsOfChain(chain)
  return {
    ...rights,
    with: presentPlace(rights.with, check.heirs ?? NO_HEIRS),
    id: lastOf(chain).id,
    holder: check.presenter,
    links: chain.map(({ id, issuer, issuedAt, limits }) => ({ id, issuer, issuedAt, limits }))
  }
}

/** What a grant is for names a node by the id that it had then. */
export function presentPlace(place: string, { presentOf }: Heirs): string {
  return place.startsWith('node:') ? `node:${presentOf(place.slice('node:'.length))}` : place
}

/** A key that was given up gives no more; one that leaked has given nothing that counts. */
export function isOfLostKey(
  { issuer, issuedAt }: Pick<GrantClaims, 'issuer' | 'issuedAt'>,
  { successionOf }: Heirs
): boolean {
  const succession = successionOf(issuer)
  return succession !== undefined && (succession.reason === 'leaked' || issuedAt > succession.at)
}

/** From the root to the token itself, which all hold. @throws as {@link verifyGrant} */
export async function verifyChain<C extends GrantClaims>(
  token: string,
  check: GrantCheck,
  kind: TokenKind<C>
): Promise<readonly C[]> {
  const links = await examineChain(token, check, kind)
  for (const { error } of links) if (error !== undefined) throw error
  return links.map(({ claims }) => claims)
}

/** What the last holder of a chain may that widens nowhere. */
export function rightsOfChain(chain: readonly GrantClaims[]): GrantedRights {
  const [root, ...rest] = chain
  if (root === undefined) throw invalid('it is empty')
  return rest.reduce(narrowed, rightsOf(root))
}

export function lastOf<C>(chain: readonly C[]): C {
  const last = chain.at(-1)
  if (last === undefined) throw invalid('it is empty')
  return last
}

/** One grant of a chain, and the first reason why it is worth nothing. */
export interface GrantLink<C extends GrantClaims = GrantClaims> {
  readonly claims: C
  readonly error?: LumosError
}

/**
 * Every grant of a chain, from its root to the token itself: for people, who want to know where it
 * breaks.
 *
 * @throws GRANT_INVALID when there is nothing to read
 */
export function examineGrant(token: string, check: GrantCheck): Promise<readonly GrantLink[]> {
  return examineChain(token, check, GRANTS)
}

async function examineChain<C extends GrantClaims>(
  token: string,
  check: GrantCheck,
  kind: TokenKind<C>
): Promise<readonly GrantLink<C>[]> {
  const chain = readSigned(token, kind)
  const signatures = await Promise.all(chain.map((signed) => signatureProblem(signed, kind)))
  let rights: GrantedRights | undefined
  return chain.map(({ claims }, index) => {
    const parent = chain[index - 1]?.claims
    const error =
      signatures[index] ??
      timeProblem(claims, check) ??
      (parent === undefined || rights === undefined
        ? rootProblem(claims, check)
        : passingProblem(claims, { parent, rights }, check)) ??
      (index === chain.length - 1 && !isSame(claims.audience, check.presenter, check)
        ? invalid('it was given to another peer')
        : undefined)
    rights = rights === undefined ? rightsOf(claims) : narrowed(rights, claims)
    return { claims, ...(error && { error }) }
  })
}

/** What a token says, unchecked: to be shown to people. @throws GRANT_INVALID */
export function readGrant(token: string): GrantClaims {
  return readToken(token, GRANTS)
}

/** From the root to the token itself, unchecked: what a chain says that was checked before. */
export function readChain<C extends GrantClaims>(token: string, kind: TokenKind<C>): readonly C[] {
  return readSigned(token, kind).map(({ claims }) => claims)
}

function readToken<C extends GrantClaims>(token: string, { parse }: TokenKind<C>): C {
  if (token.length > LIMITS.grantBytes.value) throw invalid('it is too long')
  let payload
  try {
    payload = decodeJwt(token)
  } catch {
    throw invalid('it is no token')
  }
  const claims = parse(payload)
  if (claims === undefined) throw invalid('it says what this version does not understand')
  return claims
}

interface SignedClaims<C extends GrantClaims> {
  readonly token: string
  readonly claims: C
}

function readSigned<C extends GrantClaims>(
  token: string,
  kind: TokenKind<C>
): readonly SignedClaims<C>[] {
  const chain: SignedClaims<C>[] = []
  for (let next: string | undefined = token; next !== undefined;) {
    if (chain.length === CHAIN_LENGTH) throw invalid(`it was passed on ${CHAIN_LENGTH} times`)
    const claims: C = readToken(next, kind)
    chain.unshift({ token: next, claims })
    next = claims.proof
  }
  return chain
}

async function signatureProblem<C extends GrantClaims>(
  { token, claims }: SignedClaims<C>,
  { type, seen }: TokenKind<C>
): Promise<LumosError | undefined> {
  if (seen?.has(token) === true) return undefined
  try {
    const key = await verificationKeyOf(claims.issuer)
    const { protectedHeader } = await compactVerify(token, key, { algorithms: ['EdDSA'] })
    const { typ, crit } = protectedHeader
    if (typ !== type || crit !== undefined) return invalid('it is a token of another kind')
  } catch {
    return invalid('its signature does not match')
  }
  seen?.add(token)
  return undefined
}

function isSame(one: PeerIdText, other: PeerIdText, { heirs = NO_HEIRS }: GrantCheck): boolean {
  return heirs.presentOf(one) === heirs.presentOf(other)
}

function timeProblem(
  claims: GrantClaims,
  { now, isRevoked, heirs = NO_HEIRS }: GrantCheck
): LumosError | undefined {
  const { id, issuedAt, expiresAt } = claims
  const leeway = LIMITS.clockLeeway.value
  if (expiresAt - issuedAt > LIMITS.grantLifetime.value) return invalid('it is valid for too long')
  if (issuedAt > now + leeway) return invalid('it was issued in the future')
  if (expiresAt <= now - leeway) return new LumosError('GRANT_EXPIRED', { details: { grant: id } })
  if (isOfLostKey(claims, heirs)) return invalid('its issuer has given up the key that signed it')
  if (isRevoked(claims)) return new LumosError('GRANT_REVOKED', { details: { grant: id } })
  return undefined
}

function rootProblem(claims: GrantClaims, { isRoot }: GrantCheck): LumosError | undefined {
  return isRoot(claims) ? undefined : invalid(`${claims.issuer} has nothing of that to give`)
}

function passingProblem(
  claims: GrantClaims,
  { parent, rights }: { readonly parent: GrantClaims; readonly rights: GrantedRights },
  check: GrantCheck
): LumosError | undefined {
  if (!isSame(claims.issuer, parent.audience, check))
    return invalid('it was passed on by who never had it')
  const wider = widening(rights, claims)
  return wider === undefined ? undefined : invalid(`it is wider than what it rests on: ${wider}`)
}

function invalid(reason: string): LumosError {
  return new LumosError('GRANT_INVALID', { details: { reason } })
}
