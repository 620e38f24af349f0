/** What this node knows of its swarm: the members list, the keys and its own say in it, kept for its next start. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import type { JsonFile } from '../../storage/json-file.ts'
import type { Identity } from '../identity.ts'
import type { Role } from '../roles.ts'
import { SWARM_KEY_BYTES } from '../swarm-key.ts'
import { isOut } from './precedence.ts'
import { membersDocument, readMembers } from './members-file.ts'
import type { MembersDocument } from './members-file.ts'
import { createRoll } from './roll.ts'
import type { Member, Newcomer } from './member.ts'
import type { Roll } from './roll.ts'
import {
  keyCommitment,
  signCharter,
  signStatement,
  signSuccession,
  verifyCharter,
  verifyStatements
} from './statement.ts'
import type { Standing, Statement, Succession, SuccessionReason } from './statement.ts'

export interface SwarmBookComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly logger: Logger
  readonly identity: Identity
}

export interface SwarmBookInit {
  /** Without it nothing is kept. */
  readonly dataDirectory?: string
  /** Name of the swarm. */
  readonly name: string
}

export interface SwarmBookEvents {
  /** The list or the key has become another; `fresh` is what others may not know yet. */
  changed: [fresh: readonly Statement[]]
  /** Last words of keys that had said others before, or of who has left: they count nothing. */
  disputed: [rivals: readonly Succession[]]
}

export interface SwarmBook {
  readonly events: EventEmitter<SwarmBookEvents>
  /** `undefined` in a swarm of one key, whose holders are all alike. */
  readonly roll: Roll | undefined
  /** Newest first; empty before there is any. */
  keys(): readonly Secret<Uint8Array>[]
  /** False when the list names a key that this node has not got yet. */
  readonly hasKey: boolean
  /** True when somebody is out of the list whom the key does not shut out. */
  readonly needsKey: boolean
  /** Begins a members list, with this node as the owner. @throws SWARM_EXISTS */
  found(init: {
    readonly swarm: string
    readonly key: Secret<Uint8Array>
    readonly members: readonly Newcomer[]
  }): Promise<void>
  /** Takes over the list of a swarm that lets this node in. @throws NOT_A_MEMBER, MEMBERSHIP_INVALID, SWARM_EXISTS */
  adopt(copy: { readonly charter: unknown; readonly statements: readonly unknown[] }): Promise<void>
  /** What others say; forged, stale and unauthorised words change nothing. @throws MEMBERSHIP_INVALID */
  hear(statements: readonly unknown[]): Promise<readonly Statement[]>
  /** False for a key that is not the one of the list. */
  takeKey(key: Secret<Uint8Array>): Promise<boolean>
  /** @throws SWARM_ROLE, SWARM_FULL */
  admit(newcomer: Newcomer, role: Role): Promise<void>
  /** Sends a member away and makes a key that it does not have. @throws SWARM_ROLE, MEMBER_UNKNOWN */
  remove(peer: PeerIdText): Promise<void>
  /** Makes a key that all who are out do not have. @throws SWARM_ROLE */
  renewKey(): Promise<void>
  /** Ends the appointments of admins that have left, if this node is the owner, and makes a key if one is needed. @throws SWARM_ROLE */
  mend(): Promise<void>
  /** Says that this node is out from now on. @throws SWARM_ROLE for the owner */
  leave(): Promise<void>
  /**
   * Says that this node has the key of `next` from now on, which keeps what this one has said. False
   * where nobody would care: without a list, or when this node is not on it; and the second time.
   *
   * @throws SUCCESSION_REFUSED
   */
  succeed(next: Identity, reason: SuccessionReason): Promise<boolean>
}

/** @throws FILE_DAMAGED for a list that cannot be read: without it anybody with an old key would do */
export async function openSwarmBook(
  components: SwarmBookComponents,
  { dataDirectory, name }: SwarmBookInit
): Promise<SwarmBook> {
  if (dataDirectory === undefined) return new KeptBook(components, { name })
  const file = membersDocument(dataDirectory, name)
  return new KeptBook(components, { file, name, kept: await readMembers(file) })
}

interface BookParts {
  readonly file?: JsonFile<MembersDocument>
  readonly name: string
  readonly kept?: MembersDocument | undefined
}

class KeptBook implements SwarmBook {
  readonly events = new EventEmitter<SwarmBookEvents>()
  roll: Roll | undefined
  #keys: readonly Secret<Uint8Array>[]
  readonly #components: SwarmBookComponents
  readonly #file: JsonFile<MembersDocument> | undefined
  readonly #name: string

  constructor(components: SwarmBookComponents, { file, name, kept }: BookParts) {
    this.#components = components
    this.#file = file
    this.#name = name
    // Its own signatures were checked when they came, and nobody else writes here.
    this.roll = kept && createRoll(kept.charter, kept.statements)
    this.#keys = (kept?.keys ?? []).map(
      (key) => new Secret(new Uint8Array(Buffer.from(key, 'hex')))
    )
  }

  keys(): readonly Secret<Uint8Array>[] {
    return this.#keys
  }

  get hasKey(): boolean {
    const wanted = this.roll?.key()?.commitment
    return wanted === undefined || this.#keys.some((key) => keyCommitment(key.reveal()) === wanted)
  }

  get needsKey(): boolean {
    return this.roll !== undefined && this.roll.key()?.covers !== this.roll.shutOut
  }

  async found({ swarm, key, members }: Parameters<SwarmBook['found']>[0]): Promise<void> {
    if (this.roll !== undefined) throw exists(this.#name)
    const { identity, clock } = this.#components
    const at = clock.now()
    const charter = await signCharter(identity, { swarm, name: this.#name, at })
    this.roll = createRoll(charter)
    this.#keys = [key]
    const first = await Promise.all(members.map((newcomer) => this.#say(newcomer, 'member', 1)))
    const { shutOut } = this.roll
    await this.#apply([...first, await this.#sayKey(1, key, shutOut)])
  }

  async adopt({ charter: value, statements }: Parameters<SwarmBook['adopt']>[0]): Promise<void> {
    const before = this.roll
    const charter = await verifyCharter(value)
    const roll = createRoll(charter, await verifyStatements(charter.swarm, statements))
    const { peer } = this.#components.identity
    if (roll.roleOf(peer) === undefined) throw new LumosError('NOT_A_MEMBER', { details: { peer } })
    // The first counts, also of two that come at once.
    if (this.roll !== before) throw exists(this.#name)
    this.roll = roll
    await this.#write()
    this.events.emit('changed', [])
  }

  async hear(statements: readonly unknown[]): Promise<readonly Statement[]> {
    const { roll } = this
    if (roll === undefined || statements.length === 0) return []
    const news = new Map(statements.map((value) => [signatureOf(value), value]))
    // Most of what one hears one has heard before.
    for (const { sig } of roll.statements()) news.delete(sig)
    return this.#apply(await verifyStatements(roll.charter.swarm, [...news.values()]))
  }

  async takeKey(key: Secret<Uint8Array>): Promise<boolean> {
    const bytes = key.reveal()
    if (keyCommitment(bytes) !== this.roll?.key()?.commitment) return false
    if (this.hasKey) return true
    this.#keys = [key, ...this.#keys].slice(0, LIMITS.swarmKeysKept.value)
    await this.#write()
    this.events.emit('changed', [])
    return true
  }

  async admit(newcomer: Newcomer, role: Role): Promise<void> {
    const roll = this.#speaking(role === 'admin' ? 'only the owner names admins' : 'let others in')
    const heir = roll.heirOf(newcomer.peer)
    if (heir !== undefined) {
      throw new LumosError('KEY_SUCCEEDED', { details: { peer: newcomer.peer, heir } })
    }
    const known = roll.member(newcomer.peer)
    const limit = LIMITS.swarmMembers.value
    if (known === undefined && roll.members().length >= limit) {
      throw new LumosError('SWARM_FULL', { details: { limit } })
    }
    this.#guardAdmins(known, role)
    // An admin's words end with its rank; the owner makes them its own.
    const kept = isAdmin(roll, newcomer.peer) ? await this.#takeOver(newcomer.peer) : []
    await this.#apply([...kept, await this.#say(newcomer, role, roll.nextSeq(newcomer.peer))])
    if (this.needsKey) await this.renewKey()
  }

  async remove(peer: PeerIdText): Promise<void> {
    const roll = this.#speaking('send others away')
    const known = roll.member(peer)
    const mayGo = known !== undefined && (!isOut(known.standing) || isAdmin(roll, peer))
    if (!mayGo) {
      throw new LumosError('MEMBER_UNKNOWN', { details: { member: peer } })
    }
    this.#guardAdmins(known, 'removed')
    const kept = isAdmin(roll, peer) ? await this.#takeOver(peer) : []
    const said = await this.#say(known, 'removed', roll.nextSeq(peer))
    // One message, so that nobody hears of the key without hearing whom it shuts out.
    const next = createRoll(roll.charter, [...roll.statements(), ...kept, said])
    // Of an admin that goes, the key goes as well.
    const epoch = (next.key()?.epoch ?? 0) + 1
    await this.#apply([...kept, said, await this.#sayKey(epoch, this.#newKey(), next.shutOut)])
  }

  async renewKey(): Promise<void> {
    const roll = this.#speaking('make a key')
    const epoch = (roll.key()?.epoch ?? 0) + 1
    await this.#apply([await this.#sayKey(epoch, this.#newKey(), roll.shutOut)])
  }

  async mend(): Promise<void> {
    const roll = this.#speaking('make a key')
    const isOwner = roll.appointmentOf(this.#components.identity.peer) === 0
    // The appointment of an admin outlives its farewell until the owner ends it.
    const gone = roll.members().filter((one) => one.standing === 'left' && isAdmin(roll, one.peer))
    // oxlint-disable-next-line no-await-in-loop -- each makes a key that shuts out those before it
    for (const { peer } of isOwner ? gone : []) await this.remove(peer)
    if (this.needsKey) await this.renewKey()
  }

  async leave(): Promise<void> {
    const { roll } = this
    const self = this.#components.identity.peer
    const known = roll?.member(self)
    if (roll === undefined || known === undefined || isOut(known.standing)) return
    const needs = 'the owner cannot leave its swarm'
    if (known.standing === 'owner') throw refused({ role: 'owner', needs })
    await this.#apply([
      await signStatement(this.#components.identity, roll.charter.swarm, {
        kind: 'member',
        peer: self,
        standing: 'left',
        name: known.name,
        seq: roll.nextSeq(self),
        appointment: 0,
        at: this.#components.clock.now()
      })
    ])
  }

  async succeed(next: Identity, reason: SuccessionReason): Promise<boolean> {
    const { roll } = this
    const { identity, clock } = this.#components
    const { peer } = identity
    if (roll?.member(peer) === undefined) return false
    const keeps = roll.statements().filter(({ by, kind }) => by === peer && kind !== 'succession')
    const said = { reason, at: clock.now(), keeps }
    const last = await signSuccession({ old: identity, next }, roll.charter.swarm, said)
    await this.#apply([last])
    if (roll.heirOf(peer) === next.peer) return true
    const limit = `a member has ${LIMITS.keySuccessions.value} keys at most: it has to be invited anew`
    throw new LumosError('SUCCESSION_REFUSED', { details: { swarm: this.#name, reason: limit } })
  }

  #newKey(): Secret<Uint8Array> {
    const key = new Secret(this.#components.random.bytes(SWARM_KEY_BYTES))
    this.#keys = [key, ...this.#keys].slice(0, LIMITS.swarmKeysKept.value)
    return key
  }

  /** Words of `admin` about others, said again by the owner, whose they are from now on. */
  #takeOver(admin: PeerIdText): Promise<Statement[]> {
    const ids = new Set(this.roll?.idsOf(admin))
    const theirs = this.roll?.members().filter(({ by, peer, standing }) => {
      // Nobody is on the list by its own word: with the admin's would go that somebody is out.
      return (ids.has(by) || standing === 'left') && !ids.has(peer)
    })
    return Promise.all(
      (theirs ?? []).map((member) => {
        const standing = member.standing === 'left' ? 'removed' : member.standing
        return this.#say(member, standing, this.roll?.nextSeq(member.peer, admin) ?? 1)
      })
    )
  }

  #speaking(needs: string): Roll {
    const { roll } = this
    const self = this.#components.identity.peer
    if (roll?.appointmentOf(self) === undefined || roll.roleOf(self) === undefined) {
      throw refused({ role: roll?.roleOf(self) ?? 'none', needs })
    }
    return roll
  }

  #guardAdmins(known: Member | undefined, next: Standing): void {
    const self = this.#components.identity.peer
    const isOwner = this.roll?.appointmentOf(self) === 0
    const high = known?.standing === 'owner' || next === 'owner'
    const named = known !== undefined && this.roll !== undefined && isAdmin(this.roll, known.peer)
    const admins = named || next === 'admin'
    if (!high && (!admins || isOwner)) return
    const role = this.roll?.roleOf(self) ?? 'none'
    const needs = high ? 'the owner stays the owner' : 'only the owner names and dismisses admins'
    throw refused({ role, needs })
  }

  #say({ peer, name }: Newcomer, standing: Standing, seq: number): Promise<Statement> {
    return this.#sign({ kind: 'member', peer, standing, name, seq })
  }

  #sayKey(epoch: number, key: Secret<Uint8Array>, covers: string): Promise<Statement> {
    return this.#sign({ kind: 'key', epoch, commitment: keyCommitment(key.reveal()), covers })
  }

  #sign(
    sentence:
      | { kind: 'member'; peer: PeerIdText; standing: Standing; name: string; seq: number }
      | { kind: 'key'; epoch: number; commitment: string; covers: string }
  ): Promise<Statement> {
    const { identity, clock } = this.#components
    const appointment = this.roll?.appointmentOf(identity.peer) ?? 0
    const swarm = this.roll?.charter.swarm ?? ''
    return signStatement(identity, swarm, { ...sentence, appointment, at: clock.now() })
  }

  async #apply(statements: readonly Statement[]): Promise<readonly Statement[]> {
    const disputed = new Set(this.roll?.rivals)
    const fresh = this.roll?.merge(statements) ?? []
    const rivals = this.roll?.rivals.filter((each) => !disputed.has(each)) ?? []
    if (rivals.length > 0) this.events.emit('disputed', rivals)
    if (fresh.length === 0) return fresh
    // A key that others have heard of and nobody holds would shut out all.
    await this.#write()
    this.events.emit('changed', fresh)
    return fresh
  }

  async #write(): Promise<void> {
    const { roll } = this
    if (roll === undefined) return
    const keys = this.#keys.map((key) => Buffer.from(key.reveal()).toString('hex'))
    await this.#file?.write({
      v: 1,
      charter: roll.charter,
      statements: [...roll.statements()],
      keys
    })
  }
}

function refused(details: { readonly role: string; readonly needs: string }): LumosError {
  return new LumosError('SWARM_ROLE', { details })
}

function exists(swarm: string): LumosError {
  return new LumosError('SWARM_EXISTS', { details: { swarm } })
}

/** Also one that has left: what it said counts on until the owner ends its appointment. */
function isAdmin(roll: Roll, peer: PeerIdText): boolean {
  return (roll.appointmentOf(peer) ?? 0) > 0
}

function signatureOf(value: unknown): string {
  return isJsonObject(value) && typeof value['sig'] === 'string' ? value['sig'] : ''
}
