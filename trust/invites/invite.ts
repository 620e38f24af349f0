/** An invite: one line of text with all that a new node needs to find its swarm and be let in. */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { peerIdFromString } from '@libp2p/peer-id'
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import type { ByteReader } from '../../core/bytes.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { Secret } from '../../core/secret.ts'
import { keyOfPeer, peerOfKey } from '../author-key.ts'
import type { Identity } from '../identity.ts'
import { isLabel } from '../node-name.ts'
import { ROLES } from '../roles.ts'
import type { Role } from '../roles.ts'

const INVITE_PREFIX = 'lumos1_'

/** What an invite may make of a node: the owner is one for ever, and admins are named by it alone. */
export const INVITED_ROLES = ['member', 'worker', 'client', 'relay'] as const satisfies Role[]

export type InvitedRole = (typeof INVITED_ROLES)[number]

export interface Invite {
  /** Of the swarm: 16 hex digits. */
  readonly swarm: string
  readonly swarmName: string
  readonly inviter: PeerIdText
  /** Multiaddrs of the inviter without its PeerId, best first. */
  readonly addresses: readonly string[]
  readonly role: InvitedRole
  /** Milliseconds since the epoch, whole seconds. */
  readonly expiresAt: number
  /** 16 bytes; whoever has them may join. */
  readonly secret: Secret<Uint8Array>
}

const VERSION = 1
const SECRET_BYTES = 16
const SWARM_BYTES = 8
const PEER_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const CHECKSUM_BYTES = 4
/** More addresses would not fit. */
const MAX_ADDRESSES = 3

/** The text, signed. Addresses that do not fit are left out, the last ones first. */
export async function encodeInvite(identity: Identity, invite: Invite): Promise<string> {
  for (let most = Math.min(MAX_ADDRESSES, invite.addresses.length); most >= 0; most -= 1) {
    const body = bodyOf({ ...invite, addresses: invite.addresses.slice(0, most) })
    // oxlint-disable-next-line no-await-in-loop -- nearly always the first fits
    const signature = await identity.sign(signedBytes(body))
    const whole = Buffer.concat([body, signature])
    const text = `${INVITE_PREFIX}${Buffer.concat([whole, checksum(whole)]).toString('base64url')}`
    if (text.length <= LIMITS.inviteCharacters.value) return text
  }
  throw new TypeError('a swarm name of 63 letters fits an invite')
}

/**
 * Reads an invite; blanks and line breaks that a terminal or a mail put into it do not matter.
 *
 * @throws INVITE_DAMAGED, INVITE_EXPIRED
 */
export async function decodeInvite(text: string, now: number): Promise<Invite> {
  const invite = await readInvite(text)
  requireTime(invite, now)
  return invite
}

/** @throws INVITE_EXPIRED */
export function requireTime({ expiresAt }: Pick<Invite, 'expiresAt'>, now: number): void {
  if (expiresAt < now - LIMITS.clockLeeway.value) throw expired(expiresAt)
}

export function expired(expiresAt: number): LumosError {
  return new LumosError('INVITE_EXPIRED', { details: { until: new Date(expiresAt).toISOString() } })
}

/** What inviter and joiner each make of the secret, so that it is never sent. */
export interface InviteKeys {
  /** Names the invite: 16 hex digits. */
  readonly id: string
  /** The inviter's wall opens a crack to who has this: 32 bytes. */
  readonly door: Uint8Array
  /** Proves that the joiner has the secret: 32 bytes. */
  readonly proof: Uint8Array
}

export function keysOf(secret: Secret<Uint8Array>): InviteKeys {
  const derive = (what: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret.reveal(), '', `lumos:invite:1:${what}`, 32))
  return {
    id: Buffer.from(derive('id').subarray(0, 8)).toString('hex'),
    door: derive('door'),
    proof: derive('proof')
  }
}

/** Who asks whom is part of it, so that nobody who overhears it can use it. */
export interface Meeting {
  readonly inviter: PeerIdText
  readonly joiner: PeerIdText
}

/** 64 hex digits. */
export function proveInvite(proof: Uint8Array, { inviter, joiner }: Meeting): string {
  return createHmac('sha256', proof).update(`lumos:join:1\0${inviter}\0${joiner}`).digest('hex')
}

export function isProof(proof: Uint8Array, meeting: Meeting, text: string): boolean {
  const [theirs, ours] = [Buffer.from(text), Buffer.from(proveInvite(proof, meeting))]
  return theirs.length === ours.length && timingSafeEqual(theirs, ours)
}

/** Reads an invite that may have expired. @throws INVITE_DAMAGED */
export async function readInvite(given: string): Promise<Invite> {
  const text = given.replaceAll(/\s+/g, '')
  if (!text.startsWith(INVITE_PREFIX)) throw damaged(`it does not begin with ${INVITE_PREFIX}`)
  const encoded = text.slice(INVITE_PREFIX.length)
  if (!/^[\w-]+$/.test(encoded)) throw damaged('it holds characters that do not belong to it')
  if (text.length > LIMITS.inviteCharacters.value) throw damaged('it is too long')
  const bytes = Buffer.from(encoded, 'base64url')
  const whole = bytes.subarray(0, -CHECKSUM_BYTES)
  if (whole.length <= SIGNATURE_BYTES || !checksum(whole).equals(bytes.subarray(-CHECKSUM_BYTES))) {
    throw damaged('a part of it is missing or was changed')
  }
  const body = whole.subarray(0, -SIGNATURE_BYTES)
  const invite = readBody(createByteReader(body, damaged))
  const signer = peerIdFromString(invite.inviter)
  const signature = whole.subarray(-SIGNATURE_BYTES)
  const signed =
    signer.type === 'Ed25519' && (await signer.publicKey.verify(signedBytes(body), signature))
  if (!signed) throw damaged('it is not signed by the node that it names')
  return invite
}

function bodyOf(invite: Invite): Buffer {
  const writer = createByteWriter()
  const name = Buffer.from(invite.swarmName)
  writer.u8(VERSION)
  writer.hex(invite.swarm)
  writer.hex(keyOfPeer(invite.inviter))
  writer.bytes(invite.secret.reveal())
  writer.u32(Math.floor(invite.expiresAt / 1000))
  writer.u8(ROLES.indexOf(invite.role))
  writer.u8(name.length)
  writer.bytes(name)
  writer.u8(invite.addresses.length)
  for (const address of invite.addresses) {
    const { bytes } = multiaddr(address)
    writer.u8(bytes.length)
    writer.bytes(bytes)
  }
  return writer.take()
}

function readBody(reader: ByteReader): Invite {
  const version = reader.u8()
  if (version !== VERSION) throw damaged(`version ${version} is not known: update this node`)
  const swarm = reader.hex(SWARM_BYTES)
  const inviter = readPeer(reader.hex(PEER_KEY_BYTES))
  const secret = new Secret(new Uint8Array(reader.bytes(SECRET_BYTES)))
  const expiresAt = reader.u32() * 1000
  const code = reader.u8()
  const role = INVITED_ROLES.find((known) => known === ROLES[code])
  if (role === undefined) throw damaged('its role is unknown')
  const swarmName = reader.text(reader.u8())
  if (!isLabel(swarmName)) throw damaged('the name of its swarm is none')
  const addresses = Array.from({ length: reader.u8() }, () => readAddress(reader))
  reader.end()
  return { swarm, swarmName, inviter, addresses, role, expiresAt, secret }
}

function readPeer(key: string): PeerIdText {
  try {
    return peerOfKey(key)
  } catch {
    throw damaged('its inviter is none')
  }
}

function readAddress(reader: ByteReader): string {
  const bytes = reader.bytes(reader.u8())
  try {
    return multiaddr(bytes).toString()
  } catch {
    throw damaged('an address is none')
  }
}

function signedBytes(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('lumos:invite:1\0'), body])
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES)
}

function damaged(reason: string): LumosError {
  return new LumosError('INVITE_DAMAGED', { details: { reason } })
}
