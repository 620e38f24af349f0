/** Tells one peer which grants this node has and which were taken back, no faster than it lets it. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Revocation, Revocations } from '../../trust/grants/revocations.ts'
import type { Session } from '../session/session.ts'
import { decodeShown, encode, GRANT_METHODS } from './messages.ts'

export interface TellingComponents {
  readonly clock: Pick<Clock, 'sleep'>
  readonly logger: Logger
  readonly revocations: Pick<Revocations, 'covers'>
  /** Grants of this node that a peer may want to see. */
  readonly grantsFor: (peer: PeerIdText) => readonly string[]
  /** Told that a peer has seen them, and may let this node do more now. */
  readonly onShown: (peer: PeerIdText) => void
}

/** With one peer, for as long as their session lasts. */
export interface Telling {
  /** Shows the grants that this node has then. */
  show(): void
  tell(revocations: readonly Revocation[]): void
  /** Nothing more is told; resolves when what was said is answered. */
  end(): Promise<void>
}

/** A word on grants is short, and the peer only has to check signatures. */
const TIMEOUT_MS = 10_000
/** When it does not say how long it has enough to do. */
const AGAIN_MS = 5000
const LEAST_AGAIN_MS = 100
const MOST_AGAIN_MS = 60_000
/** All that there can be at a time. */
const MOST_UNSAID = LIMITS.revocations.value + LIMITS.revocationsPerIssuer.value

export function createTelling(components: TellingComponents, session: Session): Telling {
  return new SessionTelling(components, session)
}

class SessionTelling implements Telling {
  readonly #parts: TellingComponents
  readonly #session: Session
  readonly #ending = new AbortController()
  #isShowDue = false
  readonly #unsaid = new Set<Revocation>()
  /** While there is something to tell. */
  #running: Promise<void> | undefined

  constructor(parts: TellingComponents, session: Session) {
    this.#parts = parts
    this.#session = session
  }

  show(): void {
    this.#isShowDue = true
    this.#begin()
  }

  tell(revocations: readonly Revocation[]): void {
    for (const each of revocations) this.#unsaid.add(each)
    if (this.#unsaid.size > MOST_UNSAID) this.#forgetOld()
    this.#begin()
  }

  async end(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  #begin(): void {
    if (this.#running === undefined && this.#hasMore()) this.#running = this.#run()
  }

  #hasMore(): boolean {
    return !this.#ending.signal.aborted && (this.#isShowDue || this.#unsaid.size > 0)
  }

  async #run(): Promise<void> {
    while (this.#hasMore()) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time: the peer sets the pace
      const waitMs = await (this.#isShowDue ? this.#showNow() : this.#tellNext())
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (waitMs > 0) await this.#parts.clock.sleep(waitMs, this.#ending.signal)
    }
    this.#running = undefined
  }

  /** Resolves to how long the peer wants to be left in peace. */
  async #showNow(): Promise<number> {
    this.#isShowDue = false
    const { peer } = this.#session
    const tokens = this.#parts.grantsFor(peer).slice(0, LIMITS.grantsShown.value)
    if (tokens.length === 0) return 0
    try {
      const { refused } = decodeShown(await this.#call(GRANT_METHODS.show, tokens))
      if (refused.length > 0) {
        this.#parts.logger.warn('a peer does not accept a grant', { peer, refused })
      }
    } catch (error) {
      const waitMs = this.#waitAfter(error)
      this.#isShowDue ||= waitMs > 0
      return waitMs
    }
    this.#parts.onShown(peer)
    return 0
  }

  async #tellNext(): Promise<number> {
    this.#forgetOld()
    const batch = [...this.#unsaid].slice(0, LIMITS.revocationsAtOnce.value)
    if (batch.length === 0) return 0
    try {
      const tokens = batch.map(({ token }) => token)
      await this.#call(GRANT_METHODS.revoked, tokens)
    } catch (error) {
      const waitMs = this.#waitAfter(error)
      if (waitMs > 0) return waitMs
    }
    for (const each of batch) this.#unsaid.delete(each)
    return 0
  }

  /** Some may have come to an end while they waited. */
  #forgetOld(): void {
    for (const each of this.#unsaid) {
      if (!this.#parts.revocations.covers(each)) this.#unsaid.delete(each)
    }
  }

  #call(method: string, tokens: readonly string[]): Promise<Uint8Array> {
    return this.#session.request(method, encode({ v: 1, tokens }), { timeoutMs: TIMEOUT_MS })
  }

  /** 0 for what will not be otherwise: whoever comes next is told anew. */
  #waitAfter(error: unknown): number {
    const { code, retry, details } = toLumosError(error)
    const { peer } = this.#session
    this.#parts.logger.debug('a peer was not told of grants', { peer, code })
    const { retryAfterMs } = details
    if (typeof retryAfterMs !== 'number') return retry ? AGAIN_MS : 0
    return Math.min(Math.max(LEAST_AGAIN_MS, retryAfterMs), MOST_AGAIN_MS)
  }
}
