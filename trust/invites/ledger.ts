/** The invites that this node has given, and who came by them: an invite must not let in more than it says, whatever crashes. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { createJsonFile } from '../../storage/json-file.ts'
import type { ListStanding } from '../membership.ts'
import { expired, INVITED_ROLES, isProof } from './invite.ts'
import type { InvitedRole, InviteKeys, Meeting } from './invite.ts'

export interface GivenInvite {
  readonly id: string
  readonly role: InvitedRole
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly uses: number
  readonly usedBy: readonly PeerIdText[]
  /** Milliseconds since the epoch. */
  readonly givenAt: number
  /** For nodes of this user on this host; nobody is asked, so it brings back nobody. */
  readonly house: boolean
}

export interface Coming extends Meeting {
  /** Of the joiner, on the list as it is. */
  readonly standing: ListStanding
}

export interface InviteLedger {
  /** Resolves when it is on disk. @throws INVITES_FULL */
  add(
    keys: InviteKeys,
    init: Pick<GivenInvite, 'role' | 'expiresAt' | 'uses'>
  ): Promise<GivenInvite>
  /** The one that lies on this host, instead of the last one. */
  replaceHouse(
    keys: InviteKeys,
    init: Pick<GivenInvite, 'role' | 'expiresAt' | 'uses'>
  ): Promise<void>
  /** Those given to others that have not expired, used up or not. */
  list(): readonly GivenInvite[]
  /** Keys for the wall: of those and of what was withdrawn, since who comes too late is to be told so. */
  doors(): readonly Uint8Array[]
  /**
   * Counts one use, on disk before it resolves. The same joiner may come again: its answer may have
   * been lost. Who came by it and is out now needs another use.
   *
   * @throws INVITE_WITHDRAWN, INVITE_EXPIRED, INVITE_USED
   */
  use(id: string, coming: Coming, proof: string): Promise<GivenInvite>
  /** Nobody comes by it any more, and who tries is told so. True when there was one. */
  withdraw(id: string): Promise<boolean>
}

/** Some 200 bytes and 60 for each use. */
const FILE_BYTES = 8 * 1024 * 1024
/** A door stays ajar for so long after the end, to say so to those who come late. */
const LATE_MS = 24 * 60 * 60 * 1000

const hexKey = z.string().regex(/^[0-9a-f]{64}$/)
const row = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  role: z.enum(INVITED_ROLES),
  expiresAt: z.int(),
  uses: z.int().min(1),
  usedBy: z.array(z.string()),
  givenAt: z.int(),
  house: z.boolean(),
  /** Kept to say so to those who come by it. */
  withdrawn: z.boolean().prefault(false),
  door: hexKey,
  proof: hexKey
})
const document = z.strictObject({ v: z.literal(1), invites: z.array(row) })

type Row = z.infer<typeof row>

function readDocument(content: unknown): z.infer<typeof document> {
  return document.parse(content)
}

/** In the data directory. */
export function invitesFile(swarm: string): string {
  return `swarm-${swarm}.invites.json`
}

/** @throws HOME_UNUSABLE */
export async function openInviteLedger(
  { clock, logger }: { readonly clock: Pick<Clock, 'now'>; readonly logger: Logger },
  { dataDirectory, swarm }: { readonly dataDirectory: string; readonly swarm: string }
): Promise<InviteLedger> {
  const path = join(dataDirectory, invitesFile(swarm))
  const file = createJsonFile({ path, maxBytes: FILE_BYTES, parse: readDocument })
  const kept = await file.read(({ path: aside }) => {
    // Nobody is let in by mistake: invites can be given again.
    logger.error('the list of invites was damaged; they are all void', { path: aside })
    return { v: 1, invites: [] }
  })
  const rows = new Map((kept?.invites ?? []).map((invite) => [invite.id, invite]))

  function current(): Row[] {
    for (const { id, expiresAt } of rows.values()) {
      if (expiresAt + LATE_MS < clock.now()) rows.delete(id)
    }
    return [...rows.values()]
  }

  const write = (): Promise<void> => file.write({ v: 1, invites: [...rows.values()] })

  return {
    async add({ id, door, proof }, init) {
      const limit = LIMITS.invitesOpen.value
      if (current().length >= limit) makeRoom(rows, clock.now())
      if (rows.size >= limit) throw new LumosError('INVITES_FULL', { details: { limit } })
      const added = rowOf({ id, door, proof }, init, clock.now())
      rows.set(id, added)
      try {
        await write()
      } catch (error) {
        rows.delete(id)
        throw error
      }
      return given(added)
    },
    async replaceHouse(keys, init) {
      for (const { id, house } of rows.values()) if (house) rows.delete(id)
      rows.set(keys.id, { ...rowOf(keys, init, clock.now()), house: true })
      await write()
    },
    list: () => current().flatMap((one) => (isShown(one, clock.now()) ? [given(one)] : [])),
    doors: () => current().map(({ door }) => Buffer.from(door, 'hex')),
    async use(id, coming, proof) {
      const invite = rows.get(id)
      if (invite === undefined || !opens(invite, coming, proof)) {
        throw new LumosError('INVITE_WITHDRAWN')
      }
      const used = withUse(invite, coming, clock.now())
      // Before the write, so that of two that come at once only one is let in.
      rows.set(id, used)
      // Also where nothing is new: what was counted before may not be on disk.
      if (used !== invite || coming.standing === 'unknown') await write()
      return given(used)
    },
    async withdraw(id) {
      const invite = rows.get(id)
      if (invite?.withdrawn !== false) return false
      rows.set(id, { ...invite, withdrawn: true })
      await write()
      return true
    }
  }
}

/** The invite itself where the joiner has been counted. @throws INVITE_EXPIRED, INVITE_USED */
function withUse(invite: Row, { joiner, standing }: Coming, now: number): Row {
  const isRepeat = invite.usedBy.includes(joiner)
  if (isRepeat && standing === 'in') return invite
  if (invite.expiresAt < now) throw expired(invite.expiresAt)
  // The answer may have been lost, or this node have ended before it had let the joiner in.
  if (isRepeat && standing === 'unknown') return invite
  if (invite.usedBy.length >= invite.uses) throw new LumosError('INVITE_USED')
  return { ...invite, usedBy: [...invite.usedBy, joiner] }
}

function isShown({ expiresAt, house, withdrawn }: Row, now: number): boolean {
  return expiresAt >= now && !house && !withdrawn
}

function opens({ withdrawn, proof }: Row, meeting: Meeting, text: string): boolean {
  return !withdrawn && isProof(Buffer.from(proof, 'hex'), meeting, text)
}

/** Those that nobody can come by any more are only kept to say so. */
function makeRoom(rows: Map<string, Row>, now: number): void {
  for (const { id, uses, usedBy, expiresAt, withdrawn } of rows.values()) {
    if (expiresAt < now || usedBy.length >= uses || withdrawn) rows.delete(id)
  }
}

function given({ id, role, expiresAt, uses, usedBy, givenAt, house }: Row): GivenInvite {
  return { id, role, expiresAt, uses, usedBy, givenAt, house }
}

function rowOf(
  { id, door, proof }: InviteKeys,
  init: Pick<GivenInvite, 'role' | 'expiresAt' | 'uses'>,
  now: number
): Row {
  return {
    id,
    ...init,
    usedBy: [],
    givenAt: now,
    house: false,
    withdrawn: false,
    door: hex(door),
    proof: hex(proof)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
