/** Grants that were taken back: a signed list that every node keeps and passes on until they would have expired. */
import { compactVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Identity } from '../identity.ts'
import { signingKeyOf, verificationKeyOf } from '../signing-key.ts'
import type { GrantClaims } from './claims.ts'

/** Who takes back which grant. In force for grants of this issuer, and of those who have theirs from it. */
export interface Revocation {
  readonly id: string
  readonly issuer: PeerIdText
  /** When the grant would have ended by itself, in milliseconds since the epoch: until then this has to be known. */
  readonly until: number
  /** As it was signed, to be passed on. */
  readonly token: string
}

export interface Revocations {
  /** Whether the issuer of the grant has taken it back. */
  covers(claims: Pick<GrantClaims, 'id' | 'issuer'>): boolean
  /**
   * `room`: whose part of the table it takes up, its issuer's unless said otherwise. False when it was known,
   * or there is no room for more of this issuer or in that part.
   */
  add(revocation: Revocation, room?: string): boolean
  /** Those in force: first those of this node, which others may know of nobody else. */
  list(): readonly Revocation[]
}

const TYPE = 'lumos-revocation+jwt'

const payload = z.strictObject({
  v: z.literal(1),
  jti: z.string().regex(/^[0-9a-f]{32}$/),
  iss: z.string().max(64),
  exp: z
    .int()
    .min(0)
    .max(2 ** 40)
})

export function createRevocations(
  { clock }: { readonly clock: Pick<Clock, 'now'> },
  { self }: { readonly self?: PeerIdText } = {}
): Revocations {
  return new RevocationTable(clock, self)
}

interface Kept {
  readonly revocation: Revocation
  readonly room: string
}

class RevocationTable implements Revocations {
  readonly #clock: Pick<Clock, 'now'>
  /** Has room for all it gives (`grantsGiven`), whatever others take back. */
  readonly #self: PeerIdText | undefined
  readonly #issuers = new Map<PeerIdText, Map<string, Kept>>()
  /** Of other issuers. */
  #others = 0

  constructor(clock: Pick<Clock, 'now'>, self: PeerIdText | undefined) {
    this.#clock = clock
    this.#self = self
  }

  covers({ id, issuer }: Pick<GrantClaims, 'id' | 'issuer'>): boolean {
    return this.#issuers.get(issuer)?.has(id) === true
  }

  add(revocation: Revocation, room: string = revocation.issuer): boolean {
    const { id, issuer } = revocation
    if (this.covers(revocation)) return false
    if (this.#isFull(issuer)) this.#forgetOld()
    if (this.#hasMost(issuer)) return false
    if (this.#isFull(issuer) && !this.#makeRoom(room)) return false
    const known = this.#issuers.get(issuer) ?? new Map<string, Kept>()
    this.#issuers.set(issuer, known.set(id, { revocation, room }))
    if (issuer !== this.#self) this.#others += 1
    return true
  }

  list(): readonly Revocation[] {
    this.#forgetOld()
    const own = this.#issuers.get(this.#self ?? '')?.values() ?? []
    return [...own, ...this.#ofOthers()].map(({ revocation }) => revocation)
  }

  #isFull(issuer: PeerIdText): boolean {
    const noMore = issuer !== this.#self && this.#others >= LIMITS.revocations.value
    return noMore || this.#hasMost(issuer)
  }

  #hasMost(issuer: PeerIdText): boolean {
    return (this.#issuers.get(issuer)?.size ?? 0) >= LIMITS.revocationsPerIssuer.value
  }

  /** Whoever takes up most gives way to whoever has less even then: so nobody can keep others from being heard. */
  #makeRoom(room: string): boolean {
    const rooms = Map.groupBy(this.#ofOthers(), (kept) => kept.room)
    const largest = [...rooms.values()].reduce((a, b) => (b.length > a.length ? b : a))
    if ((rooms.get(room)?.length ?? 0) + 1 >= largest.length) return false
    const first = largest.reduce((a, b) => (b.revocation.until < a.revocation.until ? b : a))
    this.#remove(first.revocation)
    return true
  }

  #forgetOld(): void {
    const now = this.#clock.now() - LIMITS.clockLeeway.value
    for (const known of this.#issuers.values()) {
      for (const { revocation } of known.values()) {
        if (revocation.until < now) this.#remove(revocation)
      }
    }
  }

  #remove({ id, issuer }: Revocation): void {
    const known = this.#issuers.get(issuer)
    if (known?.delete(id) !== true) return
    if (known.size === 0) this.#issuers.delete(issuer)
    if (issuer !== this.#self) this.#others -= 1
  }

  *#ofOthers(): Generator<Kept> {
    for (const [issuer, known] of this.#issuers) if (issuer !== this.#self) yield* known.values()
  }
}

/** The issuer takes back what it gave; nobody else can. */
export async function signRevocation(
  identity: Identity,
  { id, expiresAt }: Pick<GrantClaims, 'id' | 'expiresAt'>
): Promise<Revocation> {
  const { peer: issuer } = identity
  const token = await new SignJWT({ v: 1, jti: id, iss: issuer, exp: Math.ceil(expiresAt / 1000) })
    .setProtectedHeader({ alg: 'EdDSA', typ: TYPE })
    .sign(await signingKeyOf(identity))
  return { id, issuer, until: expiresAt, token }
}

/** Three parts in base64url: with spaces or line breaks, it would be longer in a file than here. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** What a token says, whoever has signed it; `undefined` for none, what is over, and what would be for longer than any grant. */
export function parseRevocation(token: string, now: number): Revocation | undefined {
  if (token.length > LIMITS.revocationBytes.value || !TOKEN.test(token)) return undefined
  try {
    const middle = token.split('.')[1] ?? ''
    const claims = payload.parse(JSON.parse(Buffer.from(middle, 'base64url').toString()))
    const until = claims.exp * 1000
    const leeway = LIMITS.clockLeeway.value
    // The grant itself counts so much longer.
    const isOver = until < now - leeway
    if (isOver || until > now + leeway + LIMITS.grantLifetime.value) return undefined
    return { id: claims.jti, issuer: claims.iss, until, token }
  } catch {
    return undefined
  }
}

/** Likewise `undefined` for what its issuer has not signed. */
export async function readRevocation(token: string, now: number): Promise<Revocation | undefined> {
  const revocation = parseRevocation(token, now)
  if (revocation === undefined) return undefined
  try {
    const key = await verificationKeyOf(revocation.issuer)
    const { protectedHeader } = await compactVerify(token, key, { algorithms: ['EdDSA'] })
    return protectedHeader.typ === TYPE ? revocation : undefined
  } catch {
    return undefined
  }
}
