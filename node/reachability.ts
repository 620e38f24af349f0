/**
 * Finds out whether others can dial this node, by asking them to, and takes places with relays where they cannot.
 * docs/protocols/discovery.md, "Behind NAT", is normative.
 */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { RecentMap } from '../core/recent-map.ts'

/** A peer with a direct connection, from another host. */
export interface NearPeer {
  readonly peer: PeerIdText
  readonly isRelay: boolean
}

export interface ReachabilityComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly peers: () => Promise<readonly NearPeer[]>
  /** Addresses at which the peer reached this node; `undefined` when it could not try. */
  readonly askDial: (
    peer: PeerIdText,
    signal: AbortSignal
  ) => Promise<readonly string[] | undefined>
  /** The address leads to this node: others may be told. */
  readonly confirm: (address: string) => void
  /** Told again and again, once somebody has tried: whether anybody can dial this node. */
  readonly onTried: (reached: boolean) => Promise<void>
  /** Relays that keep a place for this node. */
  readonly places: () => ReadonlySet<PeerIdText>
  readonly takePlace: (relay: PeerIdText) => Promise<void>
}

export interface ReachabilityInit {
  /** Relays that are to be used, whoever can dial this node. */
  readonly configured: readonly PeerIdText[]
  /** False where a person said by which addresses this node is reached: then nobody is asked. */
  readonly asks: boolean
}

export interface Reachability extends Component {
  /** A peer came, went, or told what it is. */
  poke(): void
}

/** While something is to be found out yet. */
const SOON_MS = 2000
/** A place may have lapsed without a word. */
const ROUND_MS = 30_000
/** Peers that are no relays: one that says yes is enough, and two may be behind the same router as this node. */
const OTHERS = 3

export function createReachability(
  components: ReachabilityComponents,
  init: ReachabilityInit
): Reachability {
  return new Asker(components, init)
}

class Asker implements Reachability {
  readonly #parts: ReachabilityComponents
  readonly #init: ReachabilityInit
  readonly #words = new RecentMap<PeerIdText, { readonly at: number; readonly reached: boolean }>(
    LIMITS.connections.value
  )
  #stopping = new AbortController()
  #wake = new AbortController()
  #rounds: Promise<void> | undefined

  constructor(parts: ReachabilityComponents, init: ReachabilityInit) {
    this.#parts = parts
    this.#init = init
  }

  poke(): void {
    this.#wake.abort()
  }

  async start(): Promise<void> {
    if (this.#rounds !== undefined) return
    this.#stopping = new AbortController()
    this.#rounds = this.#repeat(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake.abort()
    await this.#rounds
    this.#rounds = undefined
  }

  async #repeat(stopped: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts
    while (!stopped.aborted) {
      this.#wake = new AbortController()
      let isSettled = false
      try {
        isSettled = await this.#round(stopped)
      } catch (error) {
        logger.debug('it was not found out who can dial this node', { error })
      }
      // Not sooner after a failure, whoever pokes: a relay without room would be asked all the time.
      const pause = isSettled ? ROUND_MS : SOON_MS
      await clock.sleep(pause, isSettled ? this.#wake.signal : stopped)
    }
  }

  /** True when there is nothing to be done until somebody comes or goes. */
  async #round(stopped: AbortSignal): Promise<boolean> {
    const peers = await this.#parts.peers()
    let isSettled = true
    for (const { peer } of peers.filter(({ isRelay }) => isRelay)) {
      if (stopped.aborted) return false
      if (!(await this.#useRelay(peer, stopped))) isSettled = false
    }
    if (!this.#init.asks) return isSettled
    const others = peers.filter(({ isRelay }) => !isRelay)
    for (const { peer } of others.slice(0, OTHERS)) {
      if (this.#isReached() || stopped.aborted) break
      await this.#ask(peer, stopped)
    }
    if (this.#freshWords().length > 0 && !stopped.aborted) {
      await this.#parts.onTried(this.#isReached())
    }
    return isSettled
  }

  /** False when it has to be tried again soon. */
  async #useRelay(relay: PeerIdText, stopped: AbortSignal): Promise<boolean> {
    const { logger, places, takePlace } = this.#parts
    const kept = places()
    if (kept.has(relay)) return true
    if (!this.#init.configured.includes(relay)) {
      if (!this.#init.asks || kept.size >= LIMITS.relayPlaces.value) return true
      const reached = await this.#ask(relay, stopped)
      if (reached !== false) return reached === true
    }
    try {
      await takePlace(relay)
      logger.info('others can reach this node by a relay', { relay })
      return true
    } catch (error) {
      logger.debug('a relay gave no place', { relay, error })
      return false
    }
  }

  /** `undefined` when the peer could not tell. */
  async #ask(peer: PeerIdText, stopped: AbortSignal): Promise<boolean | undefined> {
    const { askDial, clock, confirm } = this.#parts
    const word = this.#words.get(peer)
    if (word !== undefined && clock.monotonic() - word.at < LIMITS.reachAge.value) {
      return word.reached
    }
    const addresses = await askDial(peer, stopped).catch(() => undefined)
    if (addresses === undefined) return undefined
    const reached = addresses.length > 0
    this.#words.set(peer, { at: clock.monotonic(), reached })
    for (const address of addresses) confirm(address)
    return reached
  }

  #isReached(): boolean {
    return this.#freshWords().some(({ reached }) => reached)
  }

  #freshWords() {
    const since = this.#parts.clock.monotonic() - LIMITS.reachAge.value
    return [...this.#words.values()].filter(({ at }) => at > since)
  }
}
