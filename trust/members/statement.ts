/** What owner and admins say about a swarm, signed one sentence at a time: who is in it, and which key it has; and what a member says of its own next key. */
import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { z } from 'zod'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { nextTurn } from '../../core/turn.ts'
import type { Identity } from '../identity.ts'
import { isLabel } from '../node-name.ts'
import { ROLES } from '../roles.ts'
import type { Role } from '../roles.ts'

/** A role, or how somebody ceased to have one: sent away, or gone by itself. */
export type Standing = Role | 'removed' | 'left'

interface Signed {
  readonly by: PeerIdText
  /** Number of the owner's sentence that made `by` an admin; 0 for the owner, and for who leaves. */
  readonly appointment: number
  /** Milliseconds since the epoch, for people: nothing is decided by it. */
  readonly at: number
  /** Ed25519, base64url. */
  readonly sig: string
}

export interface MemberStatement extends Signed {
  readonly kind: 'member'
  readonly peer: PeerIdText
  readonly standing: Standing
  /** Readable name of the node, for lists. */
  readonly name: string
  /** Grows with every sentence about this peer, whoever says it. */
  readonly seq: number
}

export interface KeyStatement extends Signed {
  readonly kind: 'key'
  readonly epoch: number
  /** {@link keyCommitment} of the key: whoever hands the key on cannot hand on another. */
  readonly commitment: string
  /** Whom the key shuts out: {@link Roll.shutOut} when it was made. */
  readonly covers: string
}

/** Why a node took another key: only after `leaked` do the grants that the old one gave end. */
export type SuccessionReason = 'routine' | 'leaked'

/** The last words of a key: `peer` is from now on who `by` was. */
export interface Succession extends Signed {
  readonly kind: 'succession'
  readonly peer: PeerIdText
  readonly reason: SuccessionReason
  /** {@link keepMark} of whatever else the old key has said that still counts, sorted and joined. */
  readonly keeps: string
  /** Of the new key, over the same words: nobody is made the heir of a stranger. */
  readonly accepted: string
}

export type Statement = MemberStatement | KeyStatement | Succession

/** The first sentence: names the owner, by whom everybody else is measured. */
export interface Charter {
  readonly swarm: string
  readonly name: string
  readonly owner: PeerIdText
  readonly at: number
  readonly sig: string
}

/** Numbers are doubles on the way; a year of changes each microsecond stays below. */
const MOST = 2 ** 48
const count = z.int().min(0).max(MOST)
/** Of admins: so the owner can outdo whatever one of them says. */
const ADMINS_MOST = 2 ** 40
const peer = z.string().regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/)
const sig = z.string().regex(/^[\w-]{86}$/)
const signed = { by: peer, appointment: count, at: count, sig }

const memberSchema = z
  .strictObject({
    kind: z.literal('member'),
    peer,
    standing: z.enum([...ROLES, 'removed', 'left']),
    name: z.string().refine((text) => text === '' || isLabel(text)),
    seq: count.min(1),
    ...signed
  })
  .refine(({ appointment, seq }) => appointment === 0 || seq <= ADMINS_MOST)

const keySchema = z
  .strictObject({
    kind: z.literal('key'),
    epoch: count.min(1),
    commitment: z.string().regex(/^[0-9a-f]{64}$/),
    covers: z.string().regex(/^[0-9a-f]{16}$/),
    ...signed
  })
  .refine(({ appointment, epoch }) => appointment === 0 || epoch <= ADMINS_MOST)

/** Of SHA-256, in hex: whoever has the old key must not find other words with a mark that is kept. */
const MARK_DIGITS = 32

const successionSchema = z.strictObject({
  kind: z.literal('succession'),
  peer,
  reason: z.enum(['routine', 'leaked']),
  keeps: z
    .string()
    .max(MARK_DIGITS * 2 * LIMITS.swarmMembers.value)
    .regex(new RegExp(`^([0-9a-f]{${MARK_DIGITS}})*$`)),
  accepted: sig,
  ...signed
})

export const statementSchema = z.discriminatedUnion('kind', [
  memberSchema,
  keySchema,
  successionSchema
])

export const charterSchema = z.strictObject({
  swarm: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().refine(isLabel),
  owner: peer,
  at: count,
  sig
})

type Unsigned<T> = T extends Statement ? Omit<T, 'sig' | 'by'> : never

/** Says it in the name of `identity`. @throws MEMBERSHIP_INVALID when its number is used up */
export async function signStatement(
  identity: Identity,
  swarm: string,
  sentence: Unsigned<MemberStatement | KeyStatement>
): Promise<Statement> {
  const unsigned = { ...sentence, by: identity.peer, sig: '' }
  const said = { ...unsigned, sig: base64url(await identity.sign(wordsOf(swarm, unsigned))) }
  // What others refuse, and what cannot be read at the next start, must not be written down here.
  if (!statementSchema.safeParse(said).success) throw invalid('a statement is malformed')
  return said
}

/** @throws MEMBERSHIP_INVALID */
export async function verifyStatement(swarm: string, value: unknown): Promise<Statement> {
  const shape = statementSchema.safeParse(value)
  if (!shape.success) throw invalid('a statement is malformed')
  const statement = shape.data
  const words = wordsOf(swarm, statement)
  await verifyWords(statement.by, words, statement.sig)
  if (statement.kind === 'succession') {
    await verifyWords(statement.peer, words, statement.accepted)
  }
  return statement
}

/** Signatures checked in one turn of the event loop: some 3 ms. */
const TURN_STATEMENTS = 16

/** All of them, or none: the first that is bad ends it. Others have their turn meanwhile. @throws MEMBERSHIP_INVALID */
export async function verifyStatements(
  swarm: string,
  values: readonly unknown[]
): Promise<readonly Statement[]> {
  const verified: Statement[] = []
  for (const value of values) {
    // oxlint-disable-next-line no-await-in-loop -- what comes after a bad one is not worth a look
    verified.push(await verifyStatement(swarm, value))
    // oxlint-disable-next-line no-await-in-loop -- a long list must not hold up others
    if (verified.length % TURN_STATEMENTS === 0) await nextTurn()
  }
  return verified
}

/** Both keys say so. `keeps`: what else the old one has said that is to count. */
export async function signSuccession(
  { old, next }: { readonly old: Identity; readonly next: Identity },
  swarm: string,
  said: Pick<Succession, 'reason' | 'at'> & { readonly keeps: readonly Statement[] }
): Promise<Succession> {
  const unsigned: Succession = {
    kind: 'succession',
    peer: next.peer,
    reason: said.reason,
    keeps: said.keeps
      .map((statement) => keepMark(swarm, statement))
      .toSorted()
      .join(''),
    by: old.peer,
    appointment: 0,
    at: said.at,
    sig: '',
    accepted: ''
  }
  const words = wordsOf(swarm, unsigned)
  return {
    ...unsigned,
    sig: base64url(await old.sign(words)),
    accepted: base64url(await next.sign(words))
  }
}

/** The beginning of a mark names a statement among nodes. */
export const STATEMENT_ID_DIGITS = 16

/** Names a statement for {@link Succession.keeps}. Two signatures of the same words are the same statement. */
export function keepMark(swarm: string, statement: Statement): string {
  const hash = createHash('sha256').update(wordsOf(swarm, statement)).digest('hex')
  return hash.slice(0, MARK_DIGITS)
}

/** Of a set of words: 16 hex digits, the same in whatever order they come. */
export function digestOf(words: readonly string[]): string {
  const hash = createHash('sha256')
  for (const word of words.toSorted()) hash.update(`${word}\n`)
  return hash.digest('hex').slice(0, 16)
}

/** What a succession keeps. */
export function keptMarks({ keeps }: Succession): ReadonlySet<string> {
  return new Set(keeps.match(new RegExp(`.{${MARK_DIGITS}}`, 'g')))
}

export async function signCharter(
  identity: Identity,
  { swarm, name, at }: Pick<Charter, 'swarm' | 'name' | 'at'>
): Promise<Charter> {
  const unsigned = { swarm, name, owner: identity.peer, at, sig: '' }
  return { ...unsigned, sig: base64url(await identity.sign(charterWords(unsigned))) }
}

/** @throws MEMBERSHIP_INVALID */
export async function verifyCharter(value: unknown): Promise<Charter> {
  const shape = charterSchema.safeParse(value)
  if (!shape.success) throw invalid('a charter is malformed')
  await verifyWords(shape.data.owner, charterWords(shape.data), shape.data.sig)
  return shape.data
}

/** Says which key is meant, and nothing about it. */
export function keyCommitment(key: Uint8Array): string {
  return createHash('sha256').update('lumos:swarm-key:1\0').update(key).digest('hex')
}

/** A JSON array has one spelling, so that nothing has to be put into canonical form. */
function wordsOf(swarm: string, statement: Statement): Uint8Array {
  const { kind, by, appointment, at } = statement
  return encode('statement', [swarm, kind, ...saidOf(statement), by, appointment, at])
}

function saidOf(statement: Statement): readonly (string | number)[] {
  if (statement.kind === 'member') {
    const { peer: about, standing, name, seq } = statement
    return [about, standing, name, seq]
  }
  if (statement.kind === 'key') return [statement.epoch, statement.commitment, statement.covers]
  return [statement.peer, statement.reason, statement.keeps]
}

function charterWords({ swarm, name, owner, at }: Charter): Uint8Array {
  return encode('charter', [swarm, name, owner, at])
}

/** The domain keeps a signature from being taken for one of anything else that the key signs. */
function encode(domain: string, words: readonly (string | number)[]): Uint8Array {
  return new TextEncoder().encode(`lumos:${domain}:1\0${JSON.stringify(words)}`)
}

async function verifyWords(signer: PeerIdText, words: Uint8Array, text: string): Promise<void> {
  if (await isSigned(signer, words, text)) return
  throw invalid(FORGED)
}

const FORGED = 'a signature does not match'

/** Nobody honest passes that on; a statement of another shape may come of a newer version. */
export function isForgery(error: LumosError): boolean {
  return error.code === 'MEMBERSHIP_INVALID' && error.details?.['reason'] === FORGED
}

async function isSigned(signer: PeerIdText, words: Uint8Array, text: string): Promise<boolean> {
  const signature = Buffer.from(text, 'base64url')
  // Spare bits of the last digit would let anybody make other spellings.
  if (signature.toString('base64url') !== text) return false
  try {
    const id = peerIdFromString(signer)
    return id.type === 'Ed25519' && (await id.publicKey.verify(words, signature))
  } catch {
    return false
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function invalid(reason: string): LumosError {
  return new LumosError('MEMBERSHIP_INVALID', { details: { reason } })
}
