/**
 * The members list of a swarm: signed statements that may arrive in any order, late, twice or from
 * two sides of a partition, and still make the same list everywhere (docs/protocols/membership.md).
 */
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Role } from '../roles.ts'
import { bestWords } from './best-words.ts'
import type { BestWords } from './best-words.ts'
import { createLineage } from './lineage.ts'
import { countingWord, memberOf } from './member.ts'
import type { Member } from './member.ts'
import { compareWords, isOut, slotOf } from './precedence.ts'
import type { Numbered } from './precedence.ts'
import { Said } from './said.ts'
import { digestOf, keepMark, STATEMENT_ID_DIGITS } from './statement.ts'
import type { Charter, KeyStatement, MemberStatement, Statement, Succession } from './statement.ts'

/** Statements must have been verified; {@link Roll} only judges who may say what. */
export interface Roll {
  readonly charter: Charter
  /** Same on every node that has heard the same: 16 hex digits. */
  readonly digest: string
  /** Takes in what is new and allowed, and returns it: what it may pass on. */
  merge(statements: readonly Statement[]): readonly Statement[]
  /** In an order in which somebody who knows nothing takes in all. */
  statements(): readonly Statement[]
  idOf(statement: Statement): string
  /** Everybody who ever was in it, the owner first. */
  members(): readonly Member[]
  member(peer: PeerIdText): Member | undefined
  /** The id by which the member goes that had `peer` before; `undefined` for one that was not succeeded. */
  heirOf(peer: PeerIdText): PeerIdText | undefined
  /** All ids of the member that has or had `peer`, oldest first; of others, `peer` alone. */
  idsOf(peer: PeerIdText): readonly PeerIdText[]
  /** The last words of a key that was given up. */
  successionOf(peer: PeerIdText): Succession | undefined
  /** Other last words of keys that had said theirs: two have the key, or its owner has lost track. */
  readonly rivals: readonly Succession[]
  /** `undefined` for those who are not in it, or no longer, and for ids that were given up. */
  roleOf(peer: PeerIdText): Role | undefined
  /** The key that counts; `undefined` before the first. */
  key(): KeyStatement | undefined
  /** Names all who are out: a key that was made without knowing of one of them is no wall. */
  readonly shutOut: string
  /** Of an admin's own statements; `undefined` for those who may not make any. */
  appointmentOf(peer: PeerIdText): number | undefined
  /** The number of the next sentence about `peer`: above all that was said about any of its ids, but for what `except` said. */
  nextSeq(peer: PeerIdText, except?: PeerIdText): number
  /** The few statements that prove the standing of `peer` to somebody who knows the charter. */
  proof(peer: PeerIdText): readonly Statement[]
}

export function createRoll(charter: Charter, statements: readonly Statement[] = []): Roll {
  const roll = new StatementRoll(charter)
  roll.merge(statements)
  return roll
}

/** Enough to show a person who keeps trying. */
const MAX_RIVALS = 64

class StatementRoll implements Roll {
  readonly charter: Charter
  readonly #lineage = createLineage()
  readonly #rivals = new Map<string, Succession>()
  /** The last word of each speaker on each matter: those who judge anew must not miss what lost. */
  readonly #slots = new Map<string, Statement>()
  readonly #marks = new WeakMap<Statement, string>()
  readonly #spoken = new Map<PeerIdText, number>()
  readonly #said = new Said()
  #members = new Map<PeerIdText, Member>()
  #words = new Map<PeerIdText, MemberStatement>()
  /** Until another statement counts: one message may ask for it thousands of times. */
  #best: BestWords | undefined
  #digest = ''
  #shutOut = ''

  constructor(charter: Charter) {
    this.charter = charter
    this.#settle()
  }

  get digest(): string {
    return this.#digest
  }

  get shutOut(): string {
    return this.#shutOut
  }

  get rivals(): readonly Succession[] {
    return [...this.#rivals.values()]
  }

  get #owner(): PeerIdText {
    return this.#lineage.present(this.charter.owner)
  }

  merge(statements: readonly Statement[]): readonly Statement[] {
    const fresh: Statement[] = []
    let rest = this.#inOrder(statements)
    // What gives one the right to speak may come after what one says.
    for (let known = -1; known !== fresh.length;) {
      known = fresh.length
      rest = rest.filter((statement) => {
        if (!this.#mayStand(statement)) return true
        if (this.#put(statement)) fresh.push(statement)
        return false
      })
    }
    for (const statement of rest) if (statement.kind === 'succession') this.#note(statement)
    if (fresh.length === 0) return []
    while (this.#dropFallen());
    this.#settle()
    return fresh.filter((statement) => this.#slots.get(slotOf(statement)) === statement)
  }

  statements(): readonly Statement[] {
    return this.#inOrder([...this.#slots.values()])
  }

  idOf(statement: Statement): string {
    return this.#markOf(statement).slice(0, STATEMENT_ID_DIGITS)
  }

  members(): readonly Member[] {
    return [...this.#members.values()]
  }

  member(peer: PeerIdText): Member | undefined {
    return this.#members.get(peer)
  }

  heirOf(peer: PeerIdText): PeerIdText | undefined {
    const present = this.#lineage.present(peer)
    return present === peer ? undefined : present
  }

  idsOf(peer: PeerIdText): readonly PeerIdText[] {
    return this.#lineage.idsOf(peer)
  }

  successionOf(peer: PeerIdText): Succession | undefined {
    return this.#lineage.successionOf(peer)
  }

  roleOf(peer: PeerIdText): Role | undefined {
    const standing = this.#members.get(peer)?.standing
    return standing === undefined || isOut(standing) ? undefined : standing
  }

  key(): KeyStatement | undefined {
    let best: KeyStatement | undefined
    for (const statement of this.#slots.values()) {
      if (statement.kind !== 'key') continue
      if (best === undefined || this.#order(statement, best) > 0) best = statement
    }
    return best
  }

  appointmentOf(peer: PeerIdText): number | undefined {
    return this.heirOf(peer) === undefined ? this.#appointment(peer) : undefined
  }

  nextSeq(peer: PeerIdText, except?: PeerIdText): number {
    const passedOver = except === undefined ? [] : this.#lineage.idsOf(except)
    return this.#said.highest(this.#lineage.idsOf(peer), passedOver) + 1
  }

  proof(peer: PeerIdText): readonly Statement[] {
    const word = this.#words.get(peer)
    const speaker = word && this.#ownersWord(word.by)
    const heirs = [this.#owner, peer, ...(word === undefined ? [] : [word.by])]
    return [
      ...new Set<Statement>([
        ...heirs.flatMap((id) => this.#lineage.successionsOf(id)),
        ...(speaker === undefined ? [] : [speaker]),
        ...(word === undefined ? [] : [word])
      ])
    ]
  }

  /** Also of a key that was given up: what it has said as an admin goes by this. */
  #appointment(peer: PeerIdText): number | undefined {
    if (this.#lineage.present(peer) === this.#owner) return 0
    const named = this.#ownersWord(peer)
    return named?.standing === 'admin' ? named.seq : undefined
  }

  /** Whom the owner named decides who else may speak. */
  #inOrder(statements: readonly Statement[]): readonly Statement[] {
    const owners = new Set(this.#lineage.idsOf(this.charter.owner))
    const rank = ({ kind, by }: Statement): number =>
      owners.has(by) ? (kind === 'succession' ? 0 : 1) : 2
    return statements.toSorted((a, b) => rank(a) - rank(b))
  }

  #markOf(statement: Statement): string {
    const known = this.#marks.get(statement)
    if (known !== undefined) return known
    const mark = keepMark(this.charter.swarm, statement)
    this.#marks.set(statement, mark)
    return mark
  }

  #put(statement: Statement): boolean {
    const slot = slotOf(statement)
    const old = this.#slots.get(slot)
    this.#best = undefined
    if (statement.kind === 'succession') {
      if (old !== undefined) return false
      this.#lineage.add(statement)
      this.#slots.set(slot, statement)
      return true
    }
    // Successions have slots of their own.
    if (old !== undefined && old.kind !== 'succession' && this.#order(statement, old) <= 0) {
      return false
    }
    if (old === undefined) {
      const spoken = this.#spoken.get(statement.by) ?? 0
      // Of each speaker, so that a rogue admin takes nobody else's room.
      if (spoken >= LIMITS.swarmMembers.value) return false
      this.#spoken.set(statement.by, spoken + 1)
    }
    this.#slots.set(slot, statement)
    if (statement.kind === 'member') this.#said.put(statement)
    return true
  }

  /** What may stand no more; true when there was one, upon which others may have rested. */
  #dropFallen(): boolean {
    let dropped = false
    for (const [slot, statement] of this.#slots) {
      if (this.#mayStand(statement)) continue
      dropped = true
      this.#best = undefined
      this.#slots.delete(slot)
      if (statement.kind === 'succession') this.#lineage.remove(statement)
      else this.#spoken.set(statement.by, (this.#spoken.get(statement.by) ?? 1) - 1)
      if (statement.kind === 'member') this.#said.drop(statement)
    }
    return dropped
  }

  /** The first last words count; others are shown to a person. */
  #note(succession: Succession): void {
    const isRival = this.successionOf(succession.by) !== undefined || this.#hasLeft(succession)
    if (isRival && this.#rivals.size < MAX_RIVALS)
      this.#rivals.set(this.idOf(succession), succession)
  }

  /**
   * The owner may say everything; who leaves may say so; an admin speaks for as long as the very
   * appointment holds under which it spoke. One that was dismissed cannot date its words back, and
   * of a key that was given up counts what its successor has kept.
   */
  #mayStand(statement: Statement): boolean {
    if (statement.kind === 'succession') return this.#maySucceed(statement)
    const { by, appointment } = statement
    if (!this.#lineage.keeps(by, () => this.#markOf(statement))) return false
    const owner = this.#owner
    const speaker = this.#lineage.present(by)
    if (statement.kind === 'member') {
      const { peer, standing } = statement
      const about = this.#lineage.present(peer)
      if (about === owner || standing === 'owner') return false
      if (standing === 'left') return by === peer && this.#mayLeave(statement)
      if (speaker === about) return false
      if (standing === 'admin' && speaker !== owner) return false
    }
    if (speaker === owner) return appointment === 0
    return appointment !== 0 && this.#appointment(by) === appointment
  }

  /** Keys cost nothing: strangers could fill the list with their farewells, and members outdo all that others say of them. */
  #mayLeave({ peer, seq }: MemberStatement): boolean {
    const others = this.#said.highestOfOthers(this.#lineage.idsOf(peer))
    return others > 0 && seq <= others + 1
  }

  #maySucceed(succession: Succession): boolean {
    const { by } = succession
    const isKnown = this.#isKnown(succession)
    if (!isKnown && !this.#lineage.allows(succession)) return false
    const ids = this.#lineage.idsOf(by)
    if (ids.includes(this.charter.owner)) return true
    const best = this.#bestWords()
    // Keys cost nothing: strangers could fill the list with theirs.
    return ids.some((id) => best.has(id)) && (isKnown || !this.#hasLeft(succession))
  }

  #isKnown(succession: Succession): boolean {
    const known = this.successionOf(succession.by)
    return known !== undefined && this.idOf(known) === this.idOf(succession)
  }

  /** Who has left has said its last word, unless the other one says so, too. */
  #hasLeft({ by, keeps }: Succession): boolean {
    const word = this.#wordOn(this.#lineage.idsOf(by), this.#bestWords())
    return word?.standing === 'left' && word.by === by && !keeps.includes(this.#markOf(word))
  }

  /** The owner's last about a member, under whichever of their ids. */
  #ownersWord(peer: PeerIdText): MemberStatement | undefined {
    let last: MemberStatement | undefined
    for (const by of this.#lineage.idsOf(this.charter.owner)) {
      for (const id of this.#lineage.idsOf(peer)) {
        const word = this.#slots.get(`member/${id}/${by}`)
        if (word?.kind !== 'member') continue
        if (last === undefined || this.#order(word, last) > 0) last = word
      }
    }
    return last
  }

  #order(a: Numbered, b: Numbered): number {
    return compareWords(a, b, (statement) => this.idOf(statement))
  }

  #bestWords(): BestWords {
    this.#best ??= bestWords(this.#slots.values(), {
      isOverruled: (said) => this.#isOverruled(said),
      order: (one, other) => this.#order(one, other)
    })
    return this.#best
  }

  /** And about all ids of one member, oldest first. */
  #wordOn(ids: readonly PeerIdText[], best: BestWords): MemberStatement | undefined {
    const words = ids.map((id) => best.get(id))
    return countingWord(words, (a, b) => this.#order(a, b))
  }

  #settle(): void {
    const best = this.#bestWords()
    const owner = this.#owner
    const present = new Set(Array.from(best.keys(), (id) => this.#lineage.present(id)))
    present.delete(owner)
    this.#words = new Map()
    for (const peer of present) {
      const word = this.#wordOn(this.#lineage.idsOf(peer), best)
      if (word !== undefined) this.#words.set(peer, word)
    }
    const { at } = this.charter
    const self = { standing: 'owner', name: '', by: owner, at, seq: 0 } as const
    this.#members = new Map(
      [[owner, self] as const, ...this.#words].map(([peer, word]) => [
        peer,
        memberOf(this.#lineage.idsOf(peer), word)
      ])
    )
    this.#digest = digestOf(this.statements().map((statement) => this.idOf(statement)))
    this.#shutOut = digestOf([
      ...this.members()
        .filter(({ standing }) => isOut(standing))
        .map(({ peer, seq }) => `${peer} ${seq}`),
      // Who has an old key of a node may have had its key of the swarm.
      ...this.#lineage.former().map((peer) => `${peer} succeeded`)
    ])
  }

  /** Admins are the owner's business alone, unless they go by themselves. */
  #isOverruled({ peer, by, standing }: MemberStatement): boolean {
    if (this.#lineage.present(by) === this.#owner || standing === 'left') return false
    return this.#ownersWord(peer)?.standing === 'admin'
  }
}
