/**
 * The members list of a swarm: signed statements that may arrive in any order, late, twice or from
 * two sides of a partition, and still make the same list everywhere (docs/protocols/membership.md).
 */
import { createHash } from 'node:crypto'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Role } from '../roles.ts'
import { statementId } from './statement.ts'
import type { Charter, KeyStatement, MemberStatement, Standing, Statement } from './statement.ts'

export interface Member {
  readonly peer: PeerIdText
  readonly standing: Standing
  readonly name: string
  /** Who said so; the owner for itself. */
  readonly by: PeerIdText
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly seq: number
}

/** Statements must have been verified; {@link Roll} only judges who may say what. */
export interface Roll {
  readonly charter: Charter
  /** Same on every node that has heard the same: 16 hex digits. */
  readonly digest: string
  /** Takes in what is new and allowed, and returns it: what it may pass on. */
  merge(statements: readonly Statement[]): readonly Statement[]
  statements(): readonly Statement[]
  idOf(statement: Statement): string
  /** Everybody who ever was in it, the owner first. */
  members(): readonly Member[]
  member(peer: PeerIdText): Member | undefined
  /** `undefined` for those who are not in it, or no longer. */
  roleOf(peer: PeerIdText): Role | undefined
  /** The key that counts; `undefined` before the first. */
  key(): KeyStatement | undefined
  /** Names all who are out: a key that was made without knowing of one of them is no wall. */
  readonly shutOut: string
  /** Of an admin's own statements; `undefined` for those who may not make any. */
  appointmentOf(peer: PeerIdText): number | undefined
  /** The few statements that prove the standing of `peer` to somebody who knows the charter. */
  proof(peer: PeerIdText): readonly Statement[]
}

export function createRoll(charter: Charter, statements: readonly Statement[] = []): Roll {
  const roll = new StatementRoll(charter)
  roll.merge(statements)
  return roll
}

export function isOut(standing: Standing): standing is 'removed' | 'left' {
  return standing === 'removed' || standing === 'left'
}

class StatementRoll implements Roll {
  readonly charter: Charter
  /** The last word of each speaker on each matter: those who judge anew must not miss what lost. */
  readonly #slots = new Map<string, Statement>()
  readonly #ids = new WeakMap<Statement, string>()
  readonly #spoken = new Map<PeerIdText, number>()
  #members = new Map<PeerIdText, Member>()
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

  merge(statements: readonly Statement[]): readonly Statement[] {
    const { owner } = this.charter
    // Whom the owner named decides who else may speak.
    const first = statements.filter(({ by }) => by === owner)
    const rest = statements.filter(({ by }) => by !== owner)
    const fresh = [...first.filter((s) => this.#put(s)), ...rest.filter((s) => this.#put(s))]
    if (fresh.length === 0) return []
    for (const [slot, statement] of this.#slots) if (!this.#mayStand(statement)) this.#drop(slot)
    this.#settle()
    return fresh.filter((statement) => this.#slots.get(slotOf(statement)) === statement)
  }

  statements(): readonly Statement[] {
    return [...this.#slots.values()]
  }

  idOf(statement: Statement): string {
    const known = this.#ids.get(statement)
    if (known !== undefined) return known
    const id = statementId(this.charter.swarm, statement)
    this.#ids.set(statement, id)
    return id
  }

  members(): readonly Member[] {
    return [...this.#members.values()]
  }

  member(peer: PeerIdText): Member | undefined {
    return this.#members.get(peer)
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
    if (peer === this.charter.owner) return 0
    const named = this.#ownersWord(peer)
    return named?.standing === 'admin' ? named.seq : undefined
  }

  proof(peer: PeerIdText): readonly Statement[] {
    const member = this.#members.get(peer)
    const own = this.#slots.get(`member/${peer}/${member?.by}`)
    if (member === undefined || own === undefined) return []
    const speaker = this.#ownersWord(member.by)
    return speaker === undefined || speaker === own ? [own] : [speaker, own]
  }

  #put(statement: Statement): boolean {
    if (!this.#mayStand(statement)) return false
    const slot = slotOf(statement)
    const old = this.#slots.get(slot)
    if (old !== undefined && this.#order(statement, old) <= 0) return false
    if (old === undefined) {
      const spoken = this.#spoken.get(statement.by) ?? 0
      // Of each speaker, so that a rogue admin takes nobody else's room.
      if (spoken >= LIMITS.swarmMembers.value) return false
      this.#spoken.set(statement.by, spoken + 1)
    }
    this.#slots.set(slot, statement)
    return true
  }

  #drop(slot: string): void {
    const statement = this.#slots.get(slot)
    if (statement === undefined) return
    this.#slots.delete(slot)
    this.#spoken.set(statement.by, (this.#spoken.get(statement.by) ?? 1) - 1)
  }

  /**
   * The owner may say everything; who leaves may say so; an admin speaks for as long as the very
   * appointment holds under which it spoke. One that was dismissed cannot date its words back.
   */
  #mayStand(statement: Statement): boolean {
    const { owner } = this.charter
    const { by, appointment } = statement
    if (statement.kind === 'member') {
      const { peer, standing } = statement
      if (peer === owner || standing === 'owner') return false
      if (standing === 'left') return by === peer
      if (by === peer) return false
      if (standing === 'admin' && by !== owner) return false
    }
    if (by === owner) return appointment === 0
    return appointment !== 0 && this.appointmentOf(by) === appointment
  }

  #ownersWord(peer: PeerIdText): MemberStatement | undefined {
    const word = this.#slots.get(`member/${peer}/${this.charter.owner}`)
    return word?.kind === 'member' ? word : undefined
  }

  /** Above zero when `a` outdoes `b`. Of two at once the one that shuts out wins. */
  #order(a: Statement, b: Statement): number {
    const difference = numberOf(a) - numberOf(b)
    if (difference !== 0) return difference
    const severity = severityOf(a) - severityOf(b)
    if (severity !== 0) return severity
    const [left, right] = [this.idOf(a), this.idOf(b)]
    return left === right ? 0 : left > right ? 1 : -1
  }

  #settle(): void {
    const best = new Map<PeerIdText, MemberStatement>()
    for (const statement of this.#slots.values()) {
      if (statement.kind !== 'member' || this.#isOverruled(statement)) continue
      const other = best.get(statement.peer)
      if (other === undefined || this.#order(statement, other) > 0)
        best.set(statement.peer, statement)
    }
    const { owner, at } = this.charter
    const self = { peer: owner, standing: 'owner', name: '', by: owner, since: at, seq: 0 } as const
    this.#members = new Map([
      [owner, self],
      ...Array.from(best, ([id, word]) => memberOf(id, word))
    ])
    this.#digest = digestOf(this.statements().map((statement) => this.idOf(statement)))
    this.#shutOut = digestOf(
      this.members()
        .filter(({ standing }) => isOut(standing))
        .map(({ peer, seq }) => `${peer} ${seq}`)
    )
  }

  /** Admins are the owner's business alone, unless they go by themselves. */
  #isOverruled({ peer, by, standing }: MemberStatement): boolean {
    if (by === this.charter.owner || standing === 'left') return false
    return this.#ownersWord(peer)?.standing === 'admin'
  }
}

function memberOf(
  peer: PeerIdText,
  { standing, name, by, at, seq }: MemberStatement
): [PeerIdText, Member] {
  return [peer, { peer, standing, name, by, since: at, seq }]
}

function slotOf(statement: Statement): string {
  return statement.kind === 'key'
    ? `key/${statement.by}`
    : `member/${statement.peer}/${statement.by}`
}

function numberOf(statement: Statement): number {
  return statement.kind === 'key' ? statement.epoch : statement.seq
}

function severityOf(statement: Statement): number {
  return statement.kind === 'member' && isOut(statement.standing) ? 1 : 0
}

function digestOf(words: readonly string[]): string {
  const hash = createHash('sha256')
  for (const word of words.toSorted()) hash.update(`${word}\n`)
  return hash.digest('hex').slice(0, 16)
}
