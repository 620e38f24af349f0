/** The session with one peer process, whichever of its streams carries it. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { SessionLink } from './link.ts'
import type { CallOptions, Hello, Session } from './session.ts'
import { Silence } from './silence.ts'
import type { SilenceWatcher } from './silence.ts'

export class PeerSession implements Session {
  readonly peer: PeerIdText
  readonly hello: Hello
  readonly openedAt: number
  readonly #self: PeerIdText
  readonly #clock: Clock
  readonly #silence: Silence
  /** Carries new calls. The last one stays when it has closed, and refuses them. */
  #best: SessionLink
  /** Streams that only finish their calls. */
  #retired: SessionLink[] = []

  constructor(components: { clock: Clock; self: PeerIdText }, link: SessionLink, hello: Hello) {
    this.peer = link.peer
    this.hello = hello
    this.openedAt = components.clock.now()
    this.#clock = components.clock
    this.#self = components.self
    this.#best = link
    this.#silence = new Silence({
      clock: components.clock,
      heardAt: () => Math.max(...this.links.map(({ heardAt }) => heardAt)),
      roundTripMs: () => this.roundTripMs,
      probe: () => this.#best.probe()
    })
  }

  get links(): readonly SessionLink[] {
    return [this.#best, ...this.#retired]
  }

  get path(): 'direct' | 'relay' {
    return this.#best.path
  }

  get roundTripMs(): number | undefined {
    return this.#best.roundTripMs
  }

  get usable(): boolean {
    return this.#best.usable
  }

  request(method: string, body: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    return this.#best.request(method, body, options)
  }

  stream(
    method: string,
    body: Uint8Array,
    options?: CallOptions
  ): AsyncIterableIterator<Uint8Array> {
    return this.#best.stream(method, body, options)
  }

  watchSilence(watcher: SilenceWatcher): () => void {
    return this.#silence.watch(watcher)
  }

  /** Both sides dialled at once, or the peer lost its stream and came back. */
  attach(link: SessionLink): void {
    const surplus = this.#wins(link) ? this.#best : link
    if (surplus !== link) this.#best = link
    surplus.retire()
    this.#retired.push(surplus)
    if (this.#retired.length > LIMITS.sessionRetired.value) {
      this.#retired.shift()?.goAway(this.#closedError(), 0)
    }
  }

  /** Another stream takes over if there is one that can. */
  detach(link: SessionLink): void {
    this.#retired = this.#retired.filter((other) => other !== link)
    if (link !== this.#best) return
    const next = this.#retired.findIndex((other) => other.usable)
    const [heir] = next < 0 ? [] : this.#retired.splice(next, 1)
    if (heir === undefined) return
    heir.reinstate()
    this.#best = heir
  }

  /** Both sides come to the same choice without a word. */
  #wins(link: SessionLink): boolean {
    const best = this.#best
    // Only streams of about the same age can come from a simultaneous dial. Otherwise the peer
    // has opened another because it lost the old one, and so has who opened both.
    const age = this.#clock.monotonic() - best.openedAt
    const simultaneous = age <= LIMITS.sessionHello.value && link.opener !== best.opener
    if (!best.usable || !simultaneous) return true
    return this.#openerOf(link) < this.#openerOf(best)
  }

  #openerOf(link: SessionLink): PeerIdText {
    return link.opener ? this.#self : this.peer
  }

  #closedError(): LumosError {
    return new LumosError('SESSION_CLOSED', { details: { peer: this.peer } })
  }
}
