/** Shows this node's grants to its peers, and hands on which grants were taken back until every node knows. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Authority, Members } from '../../trust/authority.ts'
import { readRevocation } from '../../trust/grants/revocations.ts'
import type { Revocation, Revocations } from '../../trust/grants/revocations.ts'
import { NO_HEIRS } from '../../trust/heirs.ts'
import type { Session, Sessions } from '../session/session.ts'
import { decodeGrants, decodeRevoked, decodeShown, encode, GRANT_METHODS } from './messages.ts'

export interface GrantExchangeComponents {
  readonly sessions: Pick<Sessions, 'all' | 'events' | 'methods'>
  readonly authority: Pick<Authority, 'present'>
  readonly members: Members
  readonly revocations: Revocations
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  /** Grants of this node that a peer may want to see. */
  readonly grantsFor: (peer: PeerIdText) => readonly string[]
  /** Told that a peer has seen them, and may let this node do more now. */
  readonly onShown: (peer: PeerIdText) => void
  /** Resolves when the revocations are on disk. */
  readonly keep: (revocations: readonly Revocation[]) => Promise<void>
}

export interface GrantExchange extends Component {
  /** Shows the grants again, to all peers: there are others now. */
  showAll(): void
  /** Hands on what this node has taken back; resolves when it is on disk. */
  tell(revocation: Revocation): Promise<void>
}

/** A word on grants is short, and the peer only has to check signatures. */
const TIMEOUT_MS = 10_000

/** Its methods are registered at once, before the sessions start. */
export function createGrantExchange(components: GrantExchangeComponents): GrantExchange {
  const exchange = new SessionGrants(components)
  exchange.serve()
  return exchange
}

class SessionGrants implements GrantExchange {
  readonly #parts: GrantExchangeComponents
  readonly #onOpened = (session: Session): void => {
    void this.#show(session)
    this.#send(session, this.#parts.revocations.list())
  }
  /** Answers that are waited for. */
  readonly #calls = new Set<Promise<unknown>>()

  constructor(parts: GrantExchangeComponents) {
    this.#parts = parts
  }

  serve(): void {
    const { sessions, authority } = this.#parts
    sessions.methods.request(GRANT_METHODS.show, async (body, { peer }) => {
      const refused = await authority.present(peer, decodeGrants(body).tokens)
      return encode({ v: 1, refused: refused.map(({ code }) => code) })
    })
    sessions.methods.request(GRANT_METHODS.revoked, async (body, { peer }) => {
      await this.#heard(peer, decodeRevoked(body).tokens)
      return encode({ v: 1, refused: [] })
    })
  }

  async start(): Promise<void> {
    this.#parts.sessions.events.on('opened', this.#onOpened)
  }

  async stop(): Promise<void> {
    this.#parts.sessions.events.off('opened', this.#onOpened)
    await Promise.allSettled(this.#calls)
  }

  showAll(): void {
    for (const session of this.#parts.sessions.all()) void this.#show(session)
  }

  async tell(revocation: Revocation): Promise<void> {
    const { revocations, keep, sessions } = this.#parts
    if (!revocations.add(revocation) && !revocations.covers(revocation)) {
      throw new LumosError('OVERLOADED', { details: { reason: 'too many grants were taken back' } })
    }
    await keep(revocations.list())
    for (const session of sessions.all()) this.#send(session, [revocation])
  }

  async #show(session: Session): Promise<void> {
    const tokens = this.#parts.grantsFor(session.peer).slice(0, LIMITS.grantsShown.value)
    if (tokens.length === 0) return
    const answer = await this.#call(session, GRANT_METHODS.show, tokens)
    if (answer === undefined) return
    this.#parts.onShown(session.peer)
    const { refused } = decodeShown(answer)
    if (refused.length > 0) {
      this.#parts.logger.warn('a peer does not accept a grant', { peer: session.peer, refused })
    }
  }

  async #heard(from: PeerIdText, tokens: readonly string[]): Promise<void> {
    const { revocations, members, clock, keep, sessions } = this.#parts
    const { presentOf } = members.heirs ?? NO_HEIRS
    const read = await Promise.all(tokens.map((token) => readRevocation(token, clock.now())))
    const fresh = read
      .filter((each) => each !== undefined)
      // Keys cost nothing: strangers could fill the list with what they never gave.
      .filter(({ issuer }) => issuer === from || members.roleOf(presentOf(issuer)) !== undefined)
      .filter((each) => revocations.add(each))
    if (fresh.length === 0) return
    await keep(revocations.list())
    for (const session of sessions.all()) if (session.peer !== from) this.#send(session, fresh)
  }

  #send(session: Session, revocations: readonly Revocation[]): void {
    const most = LIMITS.revocationsAtOnce.value
    for (let at = 0; at < revocations.length; at += most) {
      const tokens = revocations.slice(at, at + most).map(({ token }) => token)
      void this.#call(session, GRANT_METHODS.revoked, tokens)
    }
  }

  /** `undefined` when the peer is gone or refuses: whoever comes next is told anew. */
  async #call(
    session: Session,
    method: string,
    tokens: readonly string[]
  ): Promise<Uint8Array | undefined> {
    const call = session.request(method, encode({ v: 1, tokens }), { timeoutMs: TIMEOUT_MS })
    const settled = call.catch((error: unknown) => {
      this.#parts.logger.debug('a peer was not told of grants', { peer: session.peer, error })
      return undefined
    })
    this.#calls.add(settled)
    void settled.finally(() => this.#calls.delete(settled))
    return settled
  }
}
