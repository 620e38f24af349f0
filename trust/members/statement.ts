/** What owner and admins say about a swarm, signed one sentence at a time: who is in it, and which key it has. */
import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { z } from 'zod'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
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

export type Statement = MemberStatement | KeyStatement

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
const peer = z.string().regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/)
const sig = z.string().regex(/^[\w-]{86}$/)
const signed = { by: peer, appointment: count, at: count, sig }

const memberSchema = z.strictObject({
  kind: z.literal('member'),
  peer,
  standing: z.enum([...ROLES, 'removed', 'left']),
  name: z.string().refine((text) => text === '' || isLabel(text)),
  seq: count.min(1),
  ...signed
})

const keySchema = z.strictObject({
  kind: z.literal('key'),
  epoch: count.min(1),
  commitment: z.string().regex(/^[0-9a-f]{64}$/),
  covers: z.string().regex(/^[0-9a-f]{16}$/),
  ...signed
})

export const statementSchema = z.discriminatedUnion('kind', [memberSchema, keySchema])

export const charterSchema = z.strictObject({
  swarm: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().refine(isLabel),
  owner: peer,
  at: count,
  sig
})

type Unsigned<T> = T extends Statement ? Omit<T, 'sig' | 'by'> : never

/** Says it in the name of `identity`. */
export async function signStatement(
  identity: Identity,
  swarm: string,
  sentence: Unsigned<Statement>
): Promise<Statement> {
  const unsigned = { ...sentence, by: identity.peer, sig: '' }
  const signature = await identity.sign(wordsOf(swarm, unsigned))
  return { ...unsigned, sig: Buffer.from(signature).toString('base64url') }
}

/** @throws MEMBERSHIP_INVALID */
export async function verifyStatement(swarm: string, value: unknown): Promise<Statement> {
  const shape = statementSchema.safeParse(value)
  if (!shape.success) throw invalid('a statement is malformed')
  const statement = shape.data
  await verifyWords(statement.by, wordsOf(swarm, statement), statement.sig)
  return statement
}

export async function signCharter(
  identity: Identity,
  { swarm, name, at }: Pick<Charter, 'swarm' | 'name' | 'at'>
): Promise<Charter> {
  const unsigned = { swarm, name, owner: identity.peer, at, sig: '' }
  const signature = await identity.sign(charterWords(unsigned))
  return { ...unsigned, sig: Buffer.from(signature).toString('base64url') }
}

/** @throws MEMBERSHIP_INVALID */
export async function verifyCharter(value: unknown): Promise<Charter> {
  const shape = charterSchema.safeParse(value)
  if (!shape.success) throw invalid('a charter is malformed')
  await verifyWords(shape.data.owner, charterWords(shape.data), shape.data.sig)
  return shape.data
}

/** Names a statement: 16 hex digits. Two signatures of the same words are the same statement. */
export function statementId(swarm: string, statement: Statement): string {
  return createHash('sha256').update(wordsOf(swarm, statement)).digest('hex').slice(0, 16)
}

/** Says which key is meant, and nothing about it. */
export function keyCommitment(key: Uint8Array): string {
  return createHash('sha256').update('lumos:swarm-key:1\0').update(key).digest('hex')
}

/** A JSON array has one spelling, so that nothing has to be put into canonical form. */
function wordsOf(swarm: string, statement: Statement): Uint8Array {
  const { kind, by, appointment, at } = statement
  const rest =
    statement.kind === 'member'
      ? [statement.peer, statement.standing, statement.name, statement.seq]
      : [statement.epoch, statement.commitment, statement.covers]
  return encode('statement', [swarm, kind, ...rest, by, appointment, at])
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
  throw invalid('a signature does not match')
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

function invalid(reason: string): LumosError {
  return new LumosError('MEMBERSHIP_INVALID', { details: { reason } })
}
