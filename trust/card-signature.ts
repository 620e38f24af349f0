/** Signs agent cards with the node's key and checks those of others: the root of all trust in capabilities. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { decodeProtectedHeader, flattenedVerify, FlattenedSign } from 'jose'
import type { ProtectedHeaderParameters } from 'jose'
import { LIBP2P_BINDING, libp2pUrl } from '../core/a2a.ts'
import type { AgentCard } from '../core/a2a.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { parseCardShape } from './card-schema.ts'
import type { SignedCard } from './card-schema.ts'
import type { Identity } from './identity.ts'
import { signingKeyOf, verificationKeyOf } from './signing-key.ts'

/** Longer validity is refused: a lost key must not speak for ever. */
const MAX_CARD_VALIDITY_MS = 7 * 24 * 60 * 60 * 1000

export interface SignatureInit {
  /** Grows with every new card of the node; the higher one wins. */
  readonly seq: number
  /** Milliseconds since the epoch; the wire has whole seconds, rounded down. */
  readonly issuedAt: number
  /** Milliseconds since the epoch; the wire has whole seconds, rounded down. */
  readonly expiresAt: number
}

/** A card that was signed by `peer`, is in force, and is for `peer`. Made only by {@link verifyCard}. */
export interface VerifiedCard extends SignatureInit {
  readonly peer: PeerIdText
  /** The `tenant` under which the peer runs the agent. */
  readonly agentId: string
  /** Names this very card, signature included: 16 hex digits. */
  readonly digest: string
  readonly card: SignedCard
}

export type CardSigner = (card: AgentCard, init: SignatureInit) => Promise<SignedCard>

export type CardVerifier = typeof verifyCard

/** A signer that keeps the imported key, as one node signs many cards. */
export function createCardSigner(identity: Identity): CardSigner {
  const key = signingKeyOf(identity)
  return async (card, { seq, issuedAt, expiresAt }) => {
    const payload = new TextEncoder().encode(canonicalCard({ ...card, signatures: undefined }))
    const { protected: header = '', signature } = await new FlattenedSign(payload)
      .setProtectedHeader({
        alg: 'EdDSA',
        kid: identity.peer,
        typ: 'JOSE',
        iat: Math.floor(issuedAt / 1000),
        exp: Math.floor(expiresAt / 1000),
        seq
      })
      .sign(await key)
    return { ...card, signatures: [{ protected: header, signature }] }
  }
}

/**
 * Checks `value`, a card in wire form, against the only key that may have signed it: the one that
 * `peer`, its PeerId, consists of. `now` is milliseconds since the epoch.
 *
 * @throws CARD_INVALID with a reason
 */
export async function verifyCard(
  value: unknown,
  { peer, now }: { readonly peer: PeerIdText; readonly now: number }
): Promise<VerifiedCard> {
  const shape = parseCardShape(value)
  if ('reason' in shape) throw invalid(peer, shape.reason)
  const { card } = shape
  const digest = measure(peer, card)
  const init = await verifySignature(peer, card)
  const problem = timeProblem(init, now)
  if (problem !== undefined) throw invalid(peer, problem)
  return { peer, agentId: agentOf(peer, card), digest, card, ...init }
}

/**
 * Names a signed card: the first 8 bytes of the SHA-256 of its JCS form, as hex.
 * `undefined` for what JCS cannot represent; nothing is checked.
 */
export function cardDigest(value: unknown): string | undefined {
  const text = tryCanonical(value)
  return text === undefined ? undefined : digestOf(text)
}

function measure(peer: PeerIdText, card: SignedCard): string {
  const text = tryCanonical(card)
  if (text === undefined) throw invalid(peer, 'it is not JSON that JCS can represent')
  const bytes = Buffer.byteLength(text)
  const limit = LIMITS.cardBytes.value
  if (bytes > limit) throw invalid(peer, `${bytes} bytes exceed ${limit}`)
  return digestOf(text)
}

function tryCanonical(value: unknown): string | undefined {
  try {
    return canonicalize(value)
  } catch {
    return undefined
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

async function verifySignature(peer: PeerIdText, card: SignedCard): Promise<SignatureInit> {
  const { signatures, ...signed } = card
  // A card may carry signatures of others (an organisation's, say); the peer's own one counts.
  const own = signatures.find((signature) => headerOf(signature)?.kid === peer)
  if (own === undefined) throw invalid(peer, 'it is not signed by the peer')
  // Spare bits of the last base64 digit would let anybody make other spellings of a valid card.
  if (Buffer.from(own.signature, 'base64url').toString('base64url') !== own.signature) {
    throw invalid(peer, 'its signature is not plain base64url')
  }
  const payload = base64url(Buffer.from(canonicalCard(signed)))
  const jws = { payload, protected: own.protected, signature: own.signature }
  let header
  try {
    const verified = await flattenedVerify(jws, await verificationKeyOf(peer), {
      algorithms: ['EdDSA']
    })
    header = verified.protectedHeader
  } catch {
    throw invalid(peer, 'its signature does not match')
  }
  const { iat, exp, seq } = header ?? {}
  if (!isWhole(iat) || !isWhole(exp) || !isWhole(seq)) {
    throw invalid(peer, 'its signature lacks iat, exp or seq')
  }
  return { issuedAt: iat * 1000, expiresAt: exp * 1000, seq }
}

function timeProblem({ issuedAt, expiresAt }: SignatureInit, now: number): string | undefined {
  const leeway = LIMITS.clockLeeway.value
  if (issuedAt > now + leeway) return 'it was issued in the future'
  if (expiresAt < now - leeway) return 'it has expired'
  if (expiresAt - issuedAt > MAX_CARD_VALIDITY_MS) return 'it is valid for too long'
  return undefined
}

/** A peer speaks only for itself: another node's address in its card would misdirect tasks. */
function agentOf(peer: PeerIdText, { supportedInterfaces }: AgentCard): string {
  const ours = supportedInterfaces.filter((entry) => entry.protocolBinding === LIBP2P_BINDING)
  const [first] = ours
  if (first === undefined) throw invalid(peer, `it has no interface ${LIBP2P_BINDING}`)
  if (ours.some(({ url }) => url !== libp2pUrl(peer))) {
    throw invalid(peer, 'its interface is at another peer')
  }
  const { tenant = '' } = first
  if (tenant === '' || ours.some((entry) => entry.tenant !== tenant)) {
    throw invalid(peer, 'its interfaces name no agent, or several')
  }
  return tenant
}

/** RFC 8785 over the members exactly as they are on the wire: what is signed is what was sent. */
function canonicalCard(card: object): string {
  const text = canonicalize(card)
  if (text === undefined) throw new TypeError('a card is an object')
  return text
}

function headerOf(signature: {
  readonly protected: string
}): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader({ protected: signature.protected })
  } catch {
    return undefined
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function invalid(peer: PeerIdText, reason: string): LumosError {
  return new LumosError('CARD_INVALID', { details: { peer, reason } })
}
