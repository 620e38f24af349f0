/** What a space is: its genesis, signed once by its owner, whose hash is its name among nodes. */
import { hash } from 'node:crypto'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ByteReader } from '../../core/bytes.ts'
import { createByteReader, createByteWriter, isPlainText } from '../../core/bytes.ts'
import { ID_BYTES, SIGNATURE_BYTES } from '../replica/record.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import type { Signer, Verify } from '../replica/record-signature.ts'

/**
 * Who may write: in `open` every member of the swarm, in `members` whom the owner grants it, in
 * `owner-only` the owner.
 */
export type SpaceMode = 'open' | 'members' | 'owner-only'

export interface Genesis {
  readonly mode: SpaceMode
  /** Keys and values are encrypted: see memory/spaces/sealing.ts. */
  readonly sealed: boolean
  /** `undefined` in the space that every swarm has: nobody can grant or revoke there. */
  readonly owner: AuthorKey | undefined
  /** 16 bytes in hex, so that an owner can have two spaces of one name. */
  readonly nonce: string
  /** 1 to 64 bytes; for people, not unique. */
  readonly name: string
  /** The largest value. */
  readonly valueBytes: number
  /** How many keys one author may hold, tombstones included, and how many bytes of records. */
  readonly authorRecords: number
  readonly authorBytes: number
  /**
   * How long tombstones are kept. Replicas that hear nothing of each other for longer may bring
   * back what was deleted; one that was alone for so long does not (see {@link isStale}).
   */
  readonly tombstoneMs: number
}

export interface Space extends Genesis {
  readonly id: MemoryId
  readonly bytes: Uint8Array
}

const HOUR_MS = 3_600_000

/** Every swarm has the space of this name. */
export const SHARED_NAME = 'shared'

export const DEFAULT_QUOTAS = {
  valueBytes: LIMITS.memoryValueBytes.value,
  authorRecords: 1_000_000,
  authorBytes: 1024 ** 3,
  tombstoneMs: 30 * 24 * HOUR_MS
} as const

const VERSION = 1
const SEALED = 1
const MODES: readonly SpaceMode[] = ['open', 'members', 'owner-only']
const DOMAIN = Buffer.from('lumos/space/1')
const SHARED_DOMAIN = 'lumos/shared/1'
const NO_OWNER = '00'.repeat(32)
/** Behind version, mode and flags. */
const OWNER_AT = 3
const NAME_BYTES = 64
const TOMBSTONE_MS = { least: HOUR_MS, most: 10 * 365 * 24 * HOUR_MS }

/** @throws SPACE_INVALID */
export function createSpace(
  genesis: Genesis & { readonly owner: AuthorKey },
  signer: Signer
): Space {
  const body = encodeBody(genesis)
  return spaceOf(genesis, body, signer.sign(Buffer.concat([DOMAIN, body])))
}

/** The space of everybody in a swarm: the same on every node, without anybody's signature. */
export function sharedSpace(swarmId: string): Space {
  const nonce = hash('sha256', SHARED_DOMAIN + swarmId, 'hex').slice(0, 2 * ID_BYTES)
  const genesis: Genesis = {
    ...DEFAULT_QUOTAS,
    mode: 'open',
    sealed: false,
    owner: undefined,
    nonce,
    name: SHARED_NAME
  }
  return spaceOf(genesis, encodeBody(genesis), new Uint8Array(SIGNATURE_BYTES))
}

/**
 * Reads a genesis from a peer or the disk.
 *
 * @throws SPACE_INVALID also when its signature is not the owner's
 */
export async function decodeSpace(bytes: Uint8Array, verify: Verify): Promise<Space> {
  const reader = createByteReader(bytes, invalid)
  const genesis = readGenesis(reader)
  const signature = reader.bytes(SIGNATURE_BYTES)
  reader.end()
  const problem = genesisProblem(genesis)
  if (problem !== undefined) throw invalid(problem)
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES)
  const signed =
    genesis.owner === undefined
      ? signature.every((byte) => byte === 0)
      : await verify(genesis.owner, Buffer.concat([DOMAIN, body]), signature)
  if (!signed) throw invalid('the signature is not the owner’s')
  return spaceOf(genesis, body, signature)
}

/** Whose space it says it is; nothing is checked yet. `undefined` for what names nobody. */
export function claimedOwner(bytes: Uint8Array): AuthorKey | undefined {
  const owner = Buffer.from(bytes.subarray(OWNER_AT, OWNER_AT + 32)).toString('hex')
  return owner.length < NO_OWNER.length || owner === NO_OWNER ? undefined : owner
}

/** Which space it says it is; nothing is checked yet. */
export function claimedId(bytes: Uint8Array): MemoryId {
  return idOf(bytes.subarray(0, Math.max(0, bytes.length - SIGNATURE_BYTES)))
}

/** Whether a replica that was last known to be equal to another at `verifiedAt` was alone too long. */
export function isStale({ tombstoneMs }: Genesis, verifiedAt: number, now: number): boolean {
  // A tenth is left for a deletion to get round among the others.
  return now - verifiedAt > tombstoneMs * 0.9
}

function readGenesis(reader: ByteReader): Genesis {
  if (reader.u8() !== VERSION) throw invalid('its version is unknown')
  const mode = MODES[reader.u8() - 1]
  if (mode === undefined) throw invalid('its mode is unknown')
  const flags = reader.u8()
  if ((flags & ~SEALED) !== 0) throw invalid('its flags are unknown')
  const owner = reader.hex(32)
  return {
    mode,
    sealed: flags === SEALED,
    owner: owner === NO_OWNER ? undefined : owner,
    nonce: reader.hex(16),
    name: reader.text(reader.u8()),
    valueBytes: reader.u32(),
    authorRecords: reader.u32(),
    authorBytes: reader.u48(),
    tombstoneMs: reader.u48()
  }
}

function encodeBody(genesis: Genesis): Buffer {
  const problem = genesisProblem(genesis)
  if (problem !== undefined) throw invalid(problem)
  const name = Buffer.from(genesis.name)
  const writer = createByteWriter()
  writer.u8(VERSION)
  writer.u8(MODES.indexOf(genesis.mode) + 1)
  writer.u8(genesis.sealed ? SEALED : 0)
  writer.hex(genesis.owner ?? NO_OWNER)
  writer.hex(genesis.nonce)
  writer.u8(name.length)
  writer.bytes(name)
  writer.u32(genesis.valueBytes)
  writer.u32(genesis.authorRecords)
  writer.u48(genesis.authorBytes)
  writer.u48(genesis.tombstoneMs)
  return writer.take()
}

function genesisProblem(genesis: Genesis): string | undefined {
  const { owner, mode, sealed, name, valueBytes, authorRecords, tombstoneMs } = genesis
  const nameBytes = Buffer.byteLength(name)
  if (nameBytes < 1 || nameBytes > NAME_BYTES || !isPlainText(name)) return 'its name is no name'
  if (owner === undefined && (mode !== 'open' || sealed)) return 'it has no owner'
  if (valueBytes > LIMITS.memoryValueBytes.value) return 'its values are too large'
  if (authorRecords < 1) return 'nobody may write'
  if (tombstoneMs < TOMBSTONE_MS.least || tombstoneMs > TOMBSTONE_MS.most) {
    return 'it keeps tombstones for too short or too long'
  }
  return undefined
}

/** The id leaves the signature out: a space is what it says, whoever signs it twice. */
function spaceOf(genesis: Genesis, body: Uint8Array, signature: Uint8Array): Space {
  return { ...genesis, id: idOf(body), bytes: Buffer.concat([body, signature]) }
}

function idOf(body: Uint8Array): MemoryId {
  return hash('sha256', Buffer.concat([DOMAIN, body]), 'hex').slice(0, 2 * ID_BYTES)
}

function invalid(reason: string): LumosError {
  return new LumosError('SPACE_INVALID', { details: { reason } })
}
