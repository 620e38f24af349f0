/** What the owner of a space says about others: grants, revocations that cut a writer at a number, secrets. */
import { hash } from 'node:crypto'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ByteReader, ByteWriter } from '../../core/bytes.ts'
import { createByteReader, createByteWriter, isPlainText } from '../../core/bytes.ts'
import type { InTurn } from '../../protocols/replication/schema.ts'
import { ID_BYTES, SIGNATURE_BYTES } from '../replica/record.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import type { Signer, Verify } from '../replica/record-signature.ts'

export interface Grant {
  readonly kind: 'grant'
  /** Writing includes reading. */
  readonly role: 'read' | 'write'
  /** What keys begin with: empty, or segments that end with `/`. */
  readonly prefix: string
  /** Milliseconds since the epoch; for writing it is held against the record's own time. */
  readonly notAfter?: number
}

/** All that `writer` wrote after `sequence` is invalid for everybody, for ever. */
export interface Cut {
  readonly writer: MemoryId
  readonly sequence: number
}

export interface Revocation {
  readonly kind: 'revocation'
  /**
   * Whether the author's grants of lower numbers end. Its writers then keep what they wrote up to
   * their cut; those without one lose all. A time could not draw this line: who is revoked can
   * write any time into a record, but no number that is taken.
   */
  readonly endsGrants: boolean
  readonly cuts: readonly Cut[]
}

/** A secret of a sealed space, for one author's eyes: see memory/spaces/space-secrets.ts. */
export interface SharedSecret {
  readonly kind: 'secret'
  /** Which secret, from 1. */
  readonly secret: number
  readonly envelope: Uint8Array
}

export type StatementBody = (Grant | Revocation | SharedSecret) & {
  /** Above that of all statements the owner has made before. */
  readonly number: number
  readonly author: AuthorKey
}

export type Statement = StatementBody & {
  readonly id: MemoryId
  readonly bytes: Uint8Array
}

const VERSION = 1
const KINDS = { grant: 1, revocation: 2, secret: 3 } as const
const ENVELOPE_BYTES = 80
const ROLES = ['read', 'write'] as const
const DOMAIN = Buffer.from('lumos/stmt/1')

/** @throws SPACE_INVALID */
export function createStatement(space: MemoryId, body: StatementBody, signer: Signer): Statement {
  const problem = statementProblem(body)
  if (problem !== undefined) throw invalid(problem)
  const writer = createByteWriter()
  writer.u8(VERSION)
  writer.u8(KINDS[body.kind])
  writer.hex(space)
  writer.u48(body.number)
  writer.hex(body.author)
  if (body.kind === 'grant') writeGrant(writer, body)
  else if (body.kind === 'revocation') writeRevocation(writer, body)
  else writeSecret(writer, body)
  const signed = writer.take()
  const signature = signer.sign(Buffer.concat([DOMAIN, signed]))
  return statementOf(body, Buffer.concat([signed, signature]))
}

/**
 * Reads a statement about `space` by its owner.
 *
 * @throws SPACE_INVALID
 */
export async function decodeStatement(
  { id, owner }: { readonly id: MemoryId; readonly owner: AuthorKey | undefined },
  bytes: Uint8Array,
  verify: Verify
): Promise<Statement> {
  const reader = createByteReader(bytes, invalid)
  if (reader.u8() !== VERSION) throw invalid('its version is unknown')
  const kind = reader.u8()
  if (reader.hex(ID_BYTES) !== id) throw invalid('it is about another space')
  const head = { number: reader.u48(), author: reader.hex(32) }
  const body: StatementBody = { ...head, ...readKind(reader, kind) }
  const signature = reader.bytes(SIGNATURE_BYTES)
  reader.end()
  const problem = statementProblem(body)
  if (problem !== undefined) throw invalid(problem)
  const signed = Buffer.concat([DOMAIN, bytes.subarray(0, bytes.length - SIGNATURE_BYTES)])
  if (owner === undefined || !(await verify(owner, signed, signature))) {
    throw invalid('the signature is not the owner’s')
  }
  return statementOf(body, bytes)
}

/** Signatures that are checked at the same time. */
const AT_ONCE = 32
/** As a batch of records. */
const A_TURN = LIMITS.memoryBatchRecords.value

export interface CheckInit {
  readonly known: ReadonlyMap<MemoryId, unknown>
  readonly verify: Verify
  /** Default: one after the other, at once. */
  readonly inTurn?: InTurn | undefined
}

/**
 * Reads those of `all` that are not `known`, some at a time: what comes after a bad one is not looked at.
 *
 * @throws SPACE_INVALID
 */
export async function decodeNewStatements(
  space: Parameters<typeof decodeStatement>[0],
  all: readonly Uint8Array[],
  { known, verify, inTurn = (_, part) => part() }: CheckInit
): Promise<readonly Statement[]> {
  const fresh = new Map<MemoryId, Statement>()
  for (let from = 0; from < all.length; from += A_TURN) {
    const some = all.slice(from, from + A_TURN)
    // oxlint-disable-next-line no-await-in-loop -- a long list must not take all threads
    await inTurn(some.length, async () => {
      const byId = new Map(some.map((bytes) => [idOf(bytes), bytes]))
      const news = [...byId].filter(([id]) => !known.has(id) && !fresh.has(id))
      for (let at = 0; at < news.length; at += AT_ONCE) {
        const checked = news
          .slice(at, at + AT_ONCE)
          .map(([, bytes]) => decodeStatement(space, bytes, verify))
        // oxlint-disable-next-line no-await-in-loop -- as above
        for (const statement of await Promise.all(checked)) fresh.set(statement.id, statement)
      }
    })
  }
  return [...fresh.values()]
}

function readKind(reader: ByteReader, kind: number): Grant | Revocation | SharedSecret {
  if (kind === KINDS.grant) return readGrant(reader)
  if (kind === KINDS.revocation) return readRevocation(reader)
  if (kind !== KINDS.secret) throw invalid('its kind is unknown')
  return { kind: 'secret', secret: reader.u32(), envelope: reader.bytes(ENVELOPE_BYTES) }
}

function writeSecret(writer: ByteWriter, { secret, envelope }: SharedSecret): void {
  writer.u32(secret)
  writer.bytes(envelope)
}

function writeGrant(writer: ByteWriter, { role, notAfter, prefix }: Grant): void {
  const bytes = Buffer.from(prefix)
  writer.u8(ROLES.indexOf(role) + 1)
  writer.u48(notAfter ?? 0)
  writer.u16(bytes.length)
  writer.bytes(bytes)
}

function readGrant(reader: ByteReader): Grant {
  const role = ROLES[reader.u8() - 1]
  if (role === undefined) throw invalid('its role is unknown')
  const notAfter = reader.u48()
  const prefix = reader.text(reader.u16())
  return { kind: 'grant', role, prefix, ...(notAfter !== 0 && { notAfter }) }
}

function writeRevocation(writer: ByteWriter, { endsGrants, cuts }: Revocation): void {
  writer.u8(endsGrants ? 1 : 0)
  writer.u16(cuts.length)
  for (const cut of cuts) {
    writer.hex(cut.writer)
    writer.u48(cut.sequence)
  }
}

function readRevocation(reader: ByteReader): Revocation {
  const ends = reader.u8()
  if (ends > 1) throw invalid('its flags are unknown')
  const count = reader.u16()
  if (count > LIMITS.memoryCuts.value) throw invalid('it cuts too many writers')
  const cuts = Array.from({ length: count }, () => ({
    writer: reader.hex(ID_BYTES),
    sequence: reader.u48()
  }))
  return { kind: 'revocation', endsGrants: ends === 1, cuts }
}

function statementProblem(body: StatementBody): string | undefined {
  if (body.number < 1) return 'its number is 0'
  if (body.kind === 'secret') {
    return body.secret < 1 || body.envelope.length !== ENVELOPE_BYTES
      ? 'it is no secret'
      : undefined
  }
  if (body.kind === 'revocation') {
    return body.cuts.length > LIMITS.memoryCuts.value ? 'it cuts too many writers' : undefined
  }
  const { prefix, notAfter } = body
  if (Buffer.byteLength(prefix) > LIMITS.memoryKeyBytes.value) return 'its prefix is too long'
  if (!isPlainText(prefix)) return 'its prefix is no key'
  // Else `user1` would cover `user10`, and sealed segments could not be told apart.
  if (prefix !== '' && !prefix.endsWith('/')) return 'its prefix does not end with /'
  if (notAfter !== undefined && notAfter < 1) return 'it ends before it begins'
  return undefined
}

function statementOf(body: StatementBody, bytes: Uint8Array): Statement {
  return { ...body, id: idOf(bytes), bytes }
}

function idOf(bytes: Uint8Array): MemoryId {
  return hash('sha256', bytes, 'hex').slice(0, 2 * ID_BYTES)
}

function invalid(reason: string): LumosError {
  return new LumosError('SPACE_INVALID', { details: { reason } })
}
