/** Keeps the members lists of connected nodes the same: told at once, compared at HELLO and ever again. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import type { Blame } from '../../trust/blame.ts'
import type { Roll } from '../../trust/members/roll.ts'
import { isForgery, keyCommitment } from '../../trust/members/statement.ts'
import type { Charter, Statement } from '../../trust/members/statement.ts'
import type { SwarmBook } from '../../trust/members/swarm-book.ts'
import type { Session, Sessions } from '../session/session.ts'
import { decode, encode, packIds, unpackIds } from './codec.ts'
import { MEMBER_METHODS, MEMBERS_FIELD } from './constants.ts'
import { createHearingPatience } from './hearing-patience.ts'
import type { HearingPatience } from './hearing-patience.ts'

export interface MembersExchangeComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly sessions: Sessions
  readonly book: SwarmBook
  readonly blame: Pick<Blame, 'add'>
  readonly self: PeerIdText
  /** Of which swarm a list may begin; `undefined` where none may: everybody is in an open swarm, and could make itself its owner. */
  readonly swarm: Pick<Charter, 'swarm' | 'name'> | undefined
}

export interface MembersExchange extends Component {
  /** For this node's HELLO. */
  helloFields(): JsonObject
}

/** Admins that see a key to be made wait for one another: the owner least. */
const OWNER_WAIT_MS = 500
const ADMIN_WAIT_MS = 10_000

export function createMembersExchange(components: MembersExchangeComponents): MembersExchange {
  return new ListExchange(components)
}

class ListExchange implements MembersExchange {
  readonly #components: MembersExchangeComponents
  readonly #work = new Set<Promise<void>>()
  #stopping = new AbortController()
  #running = false
  #seekingKey = false
  #cancelRenewal: (() => void) | undefined
  readonly #patience: HearingPatience

  constructor(components: MembersExchangeComponents) {
    this.#components = components
    this.#patience = createHearingPatience(components)
    const { methods } = components.sessions
    methods.request(MEMBER_METHODS.sync, (body, { peer }) => this.#serveSync(body, peer))
    methods.request(MEMBER_METHODS.tell, (body, { peer }) => this.#serveTell(body, peer))
    methods.request(MEMBER_METHODS.key, (body, { peer }) => this.#serveKey(body, peer))
  }

  helloFields(): JsonObject {
    const { roll } = this.#components.book
    return roll === undefined ? {} : { [MEMBERS_FIELD]: roll.digest }
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#stopping = new AbortController()
    const { sessions, book } = this.#components
    sessions.events.on('opened', this.#onOpened)
    book.events.on('changed', this.#onChanged)
    for (const session of sessions.all()) this.#onOpened(session)
    this.#mend()
    this.#background(this.#repeat(this.#stopping.signal))
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    const { sessions, book } = this.#components
    sessions.events.off('opened', this.#onOpened)
    book.events.off('changed', this.#onChanged)
    this.#cancelRenewal?.()
    this.#stopping.abort(new LumosError('SHUTTING_DOWN'))
    await Promise.all(this.#work)
  }

  readonly #onOpened = (session: Session): void => {
    const theirs = session.hello.fields[MEMBERS_FIELD]
    const { roll } = this.#components.book
    if (theirs !== roll?.digest) this.#background(this.#sync(session))
    else if (!this.#components.book.hasKey) this.#seekKey()
  }

  readonly #onChanged = (fresh: readonly Statement[]): void => {
    const { roll } = this.#components.book
    if (roll !== undefined && fresh.length > 0) this.#tellAll(roll, fresh)
    this.#mend()
  }

  #tellAll({ charter }: Roll, fresh: readonly Statement[]): void {
    const batches = batchesOf(fresh)
    for (const session of this.#components.sessions.all()) {
      for (const batch of batches) {
        const body = encode({ charter: { ...charter }, statements: batch.map((s) => ({ ...s })) })
        this.#background(this.#ask(session, MEMBER_METHODS.tell, body).then(() => undefined))
      }
    }
  }

  /** What the list asks of this node: to have the key, and to make one that shuts out all who are out. */
  #mend(): void {
    const { book, clock, random, self, logger } = this.#components
    if (!book.hasKey) this.#seekKey()
    const appointment = book.roll?.appointmentOf(self)
    const mayMend = appointment !== undefined && book.roll?.roleOf(self) !== undefined
    if (!book.needsKey || !mayMend || this.#cancelRenewal !== undefined) return
    const wait = appointment === 0 ? OWNER_WAIT_MS : ADMIN_WAIT_MS
    this.#cancelRenewal = clock.after(random.next() * wait, () => {
      this.#cancelRenewal = undefined
      if (!book.needsKey || !this.#running) return
      logger.info('a new swarm key is made: the last one does not shut out all who are out')
      this.#background(book.mend())
    })
  }

  #seekKey(): void {
    if (this.#seekingKey) return
    this.#seekingKey = true
    this.#background(this.#fetchKey().finally(() => (this.#seekingKey = false)))
  }

  /** Of all at once: who does not answer, or answers nonsense, keeps nobody from being asked. */
  async #fetchKey(): Promise<void> {
    const { book, sessions } = this.#components
    const commitment = book.roll?.key()?.commitment
    if (commitment === undefined) return
    const body = encode({ commitment })
    await Promise.all(
      sessions.all().map((session) =>
        this.#withPeer(session, async () => {
          const answer = await this.#ask(session, MEMBER_METHODS.key, body)
          const { key } = answer === undefined ? {} : decode.keyAnswer(answer)
          if (key === undefined) return
          await book.takeKey(new Secret(new Uint8Array(Buffer.from(key, 'hex'))))
        })
      )
    )
  }

  async #repeat(stopped: AbortSignal): Promise<void> {
    const { clock, random, sessions } = this.#components
    const pause = (): number => LIMITS.membersSync.value * (0.5 + random.next() / 2)
    while (await clock.sleep(pause(), stopped)) {
      const all = sessions.all()
      const session = all[Math.floor(random.next() * all.length)]
      // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
      if (session !== undefined) await this.#sync(session)
      this.#mend()
    }
  }

  #sync(session: Session): Promise<void> {
    return this.#withPeer(session, () => this.#compare(session))
  }

  async #compare(session: Session): Promise<void> {
    const { book } = this.#components
    const { roll } = book
    const known = roll?.statements().map((statement) => roll.idOf(statement)) ?? []
    const body = encode({ digest: roll?.digest ?? NOTHING, known: packIds(known) })
    const answer = await this.#ask(session, MEMBER_METHODS.sync, body)
    if (answer === undefined) return
    this.#patience.take(session.peer, answer.length)
    const { charter, statements, wanted } = decode.syncAnswer(answer)
    if (charter === undefined) {
      await this.#founded(session)
      return
    }
    await this.#hear(charter, statements, session.peer)
    const lacking = new Set(wanted)
    const missing = book.roll?.statements().filter((s) => lacking.has(book.roll?.idOf(s) ?? ''))
    for (const batch of batchesOf(missing ?? [])) {
      const news = encode({ charter: { ...charter }, statements: batch.map((s) => ({ ...s })) })
      // oxlint-disable-next-line no-await-in-loop -- in order, one batch at a time
      await this.#ask(session, MEMBER_METHODS.tell, news)
    }
  }

  /** The peer has no list; it may not have heard that there is one now. */
  async #founded(session: Session): Promise<void> {
    const { roll } = this.#components.book
    if (roll === undefined) return
    for (const batch of batchesOf(roll.statements())) {
      const news = encode({
        charter: { ...roll.charter },
        statements: batch.map((s) => ({ ...s }))
      })
      // oxlint-disable-next-line no-await-in-loop -- in order, one batch at a time
      await this.#ask(session, MEMBER_METHODS.tell, news)
    }
  }

  async #hear(
    charter: JsonObject,
    statements: readonly JsonObject[],
    peer: PeerIdText
  ): Promise<void> {
    const { book, blame, logger } = this.#components
    try {
      if (book.roll === undefined) await this.#begin(charter, statements)
      else if (charter['sig'] === book.roll.charter.sig) await book.hear(statements)
      else logger.warn('a peer keeps another members list of this swarm', { peer })
    } catch (cause) {
      const error = toLumosError(cause)
      if (isForgery(error)) blame.add(peer, 1, 'a forged statement about members')
      const { code, message } = error
      logger.warn('what a peer said about members was not taken', { peer, code, reason: message })
    }
  }

  /** A list begins in a swarm of one key; that of another swarm is nothing to this node. */
  async #begin(charter: JsonObject, statements: readonly JsonObject[]): Promise<void> {
    const { book, swarm } = this.#components
    const isOurs = charter['swarm'] === swarm?.swarm && charter['name'] === swarm?.name
    if (swarm === undefined || !isOurs) {
      throw new LumosError('MEMBERSHIP_INVALID', {
        details: { reason: 'the list is not of this swarm' }
      })
    }
    await book.adopt({ charter, statements })
  }

  #serveSync(body: Uint8Array, peer: PeerIdText): Uint8Array {
    this.#patience.take(peer, body.length)
    const { known } = decode.syncRequest(body)
    const { roll } = this.#components.book
    if (roll === undefined) return encode({ statements: [], wanted: [] })
    const theirs = unpackIds(known)
    const ours = roll.statements()
    const ids = new Set(ours.map((statement) => roll.idOf(statement)))
    const missing = ours.filter((statement) => !theirs.has(roll.idOf(statement)))
    const [first = []] = batchesOf(missing)
    const answer = encode({
      charter: { ...roll.charter },
      statements: first.map((s) => ({ ...s })),
      wanted: [...theirs].filter((id) => !ids.has(id)).slice(0, LIMITS.membersBatch.value)
    })
    this.#patience.charge(peer, answer.length)
    return answer
  }

  async #serveTell(body: Uint8Array, peer: PeerIdText): Promise<Uint8Array> {
    this.#patience.take(peer, body.length)
    const { charter, statements } = decode.news(body)
    await this.#hear(charter, statements, peer)
    return encode({})
  }

  /** To members alone: the session has proved who asks, and the commitment which key is meant. */
  #serveKey(body: Uint8Array, peer: PeerIdText): Uint8Array {
    const { book } = this.#components
    const { commitment } = decode.keyRequest(body)
    if (book.roll?.roleOf(peer) === undefined) {
      throw new LumosError('NOT_A_MEMBER', { details: { peer } })
    }
    const key = book.keys().find((one) => keyCommitment(one.reveal()) === commitment)
    return encode(key === undefined ? {} : { key: Buffer.from(key.reveal()).toString('hex') })
  }

  /** `undefined` when the peer did not answer: the next comparison makes up for it. */
  async #ask(session: Session, method: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      const timeoutMs = LIMITS.membersAsk.value
      return await session.request(method, body, { signal: this.#stopping.signal, timeoutMs })
    } catch (error) {
      const { code } = toLumosError(error)
      this.#components.logger.debug('a peer did not talk about members', {
        peer: session.peer,
        method,
        code
      })
      return undefined
    }
  }

  /** What a peer makes fail is said of it, and ends nothing else. */
  async #withPeer({ peer }: Session, talk: () => Promise<void>): Promise<void> {
    try {
      await talk()
    } catch (error) {
      this.#warn(error, { peer })
    }
  }

  #background(task: Promise<void>): void {
    const work = task
      .catch((error: unknown) => this.#warn(error))
      .finally(() => this.#work.delete(work))
    this.#work.add(work)
  }

  #warn(error: unknown, about: { readonly peer?: PeerIdText } = {}): void {
    const { code, message } = toLumosError(error)
    const fields = { ...about, code, reason: message }
    this.#components.logger.warn('the members list was not exchanged', fields)
  }
}

/** Of a list that does not exist. */
const NOTHING = '0000000000000000'

/** In the order of the list, by which all others are judged; at least one batch. */
function batchesOf(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const batches: Statement[][] = [[]]
  let weight = 0
  for (const statement of statements) {
    weight += weightOf(statement)
    if (weight > LIMITS.membersBatch.value) {
      batches.push([])
      weight = weightOf(statement)
    }
    batches.at(-1)?.push(statement)
  }
  return batches
}

/** Characters of a usual statement. */
const USUAL = 400

/** The last words of an owner name whatever it has said. */
function weightOf(statement: Statement): number {
  return statement.kind === 'succession' ? 1 + Math.ceil(statement.keeps.length / USUAL) : 1
}
