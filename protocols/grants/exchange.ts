/** Shows this node's grants to its peers, and hands on which grants were taken back until every node knows. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createPeerRateLimit } from '../../core/peer-rate-limit.ts'
import type { PeerRateLimit } from '../../core/peer-rate-limit.ts'
import type { Authority, Members } from '../../trust/authority.ts'
import type { Blame } from '../../trust/blame.ts'
import { parseRevocation, readRevocation } from '../../trust/grants/revocations.ts'
import type { Revocation, Revocations } from '../../trust/grants/revocations.ts'
import { CHAIN_LENGTH } from '../../trust/grants/verify.ts'
import type { Session, Sessions } from '../session/session.ts'
import { decodeGrants, decodeRevoked, encode, GRANT_METHODS } from './messages.ts'
import { roomOf } from './rooms.ts'
import { createTelling } from './telling.ts'
import type { Telling, TellingComponents } from './telling.ts'

export interface GrantExchangeComponents extends TellingComponents {
  readonly sessions: Pick<Sessions, 'all' | 'events' | 'methods'>
  readonly authority: Pick<Authority, 'present'>
  readonly members: Members
  readonly revocations: Revocations
  readonly blame: Pick<Blame, 'add'>
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>
  /** Resolves when the revocations are on disk. */
  readonly keep: () => Promise<void>
  /** Has them kept when there is time: whoever told of one tells of it again at the next start. */
  readonly keepSoon: () => void
}

export interface GrantExchange extends Component {
  /** Shows the grants again, to all peers: there are others now. */
  showAll(): void
  /** Hands on what this node has taken back; resolves when it is on disk. */
  tell(revocation: Revocation): Promise<void>
}

/** Read in the time of checking a signature, near enough. */
const READ_BYTES = 4096
/** In JSON, around the tokens and each of them. */
const FRAME_BYTES = 1024

const { grantBytes, grantsShown, revocationBytes, revocationsAtOnce } = LIMITS
const SHOWN = { mostBytes: grantsShown.value * grantBytes.value + FRAME_BYTES }
const REVOKED = { mostBytes: revocationsAtOnce.value * revocationBytes.value + FRAME_BYTES }

const CHECKS = { rate: LIMITS.grantChecksRate.value, burst: LIMITS.grantChecksBurst.value }

/** Its methods are registered at once, before the sessions start. */
export function createGrantExchange(components: GrantExchangeComponents): GrantExchange {
  const exchange = new SessionGrants(components)
  exchange.serve()
  return exchange
}

class SessionGrants implements GrantExchange {
  readonly #parts: GrantExchangeComponents
  readonly #checks: PeerRateLimit
  readonly #tellings = new Map<Session, Telling>()
  readonly #onOpened = (session: Session): void => {
    const telling = this.#tellingOf(session)
    telling.show()
    telling.tell(this.#parts.revocations.list())
  }
  readonly #onClosed = (session: Session): void => {
    void this.#tellings.get(session)?.end()
    this.#tellings.delete(session)
  }

  constructor(parts: GrantExchangeComponents) {
    this.#parts = parts
    this.#checks = createPeerRateLimit(parts, CHECKS)
  }

  serve(): void {
    const { methods } = this.#parts.sessions
    methods.request(GRANT_METHODS.show, (body, { peer }) => this.#serveShow(body, peer), SHOWN)
    methods.request(
      GRANT_METHODS.revoked,
      (body, { peer }) => this.#serveRevoked(body, peer),
      REVOKED
    )
  }

  async start(): Promise<void> {
    const { events } = this.#parts.sessions
    events.on('opened', this.#onOpened)
    events.on('closed', this.#onClosed)
  }

  async stop(): Promise<void> {
    const { events } = this.#parts.sessions
    events.off('opened', this.#onOpened)
    events.off('closed', this.#onClosed)
    await Promise.all(Array.from(this.#tellings.values(), (telling) => telling.end()))
    this.#tellings.clear()
  }

  showAll(): void {
    for (const session of this.#parts.sessions.all()) this.#tellingOf(session).show()
  }

  async tell(revocation: Revocation): Promise<void> {
    const { revocations, keep, sessions } = this.#parts
    if (!revocations.add(revocation) && !revocations.covers(revocation)) {
      throw new LumosError('OVERLOADED', { details: { reason: 'too many grants were taken back' } })
    }
    await keep()
    for (const session of sessions.all()) this.#tellingOf(session).tell([revocation])
  }

  async #serveShow(body: Uint8Array, peer: PeerIdText): Promise<Uint8Array> {
    this.#checks.take(peer, readCost(body))
    const { tokens } = decodeGrants(body)
    this.#checks.take(peer, tokens.length * CHAIN_LENGTH)
    const refused = await this.#parts.authority.present(peer, tokens)
    return encode({ v: 1, refused: refused.map(({ code }) => code) })
  }

  async #serveRevoked(body: Uint8Array, peer: PeerIdText): Promise<Uint8Array> {
    this.#checks.take(peer, readCost(body))
    await this.#hear(decodeRevoked(body).tokens, peer)
    return encode({ v: 1, refused: [] })
  }

  async #hear(tokens: readonly string[], from: PeerIdText): Promise<void> {
    const { revocations, members, blame, clock, keepSoon, sessions } = this.#parts
    const now = clock.now()
    const isNew = (each: Revocation): boolean =>
      !revocations.covers(each) && roomOf(members, each.issuer, from) !== undefined
    const said = tokens.map((token) => parseRevocation(token, now)).filter((each) => !!each)
    const news = said.filter(isNew)
    this.#checks.take(from, news.length)
    const fresh: Revocation[] = []
    for (const { token, issuer } of news) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time: others have their turn meanwhile
      const revocation = await readRevocation(token, now)
      if (revocation === undefined) {
        // Whoever passes one on has checked it: the rest of this message is worth no time.
        blame.add(from, 1, 'a forged revocation')
        break
      }
      if (revocations.add(revocation, roomOf(members, issuer, from))) fresh.push(revocation)
    }
    if (fresh.length === 0) return
    keepSoon()
    for (const session of sessions.all()) {
      if (session.peer !== from) this.#tellingOf(session).tell(fresh)
    }
  }

  #tellingOf(session: Session): Telling {
    const telling = this.#tellings.get(session) ?? createTelling(this.#parts, session)
    this.#tellings.set(session, telling)
    return telling
  }
}

function readCost(body: Uint8Array): number {
  return Math.ceil(body.length / READ_BYTES)
}
