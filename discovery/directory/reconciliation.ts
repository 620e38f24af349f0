/** Asks neighbours for what gossip may have lost: their own word, and whom they know. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { CardExchange } from '../cards/card-exchange.ts'
import type { Pace } from '../presence/presence-pace.ts'
import type { Directory } from './directory.ts'

/** In a small swarm; a session peer not heard for this long is asked directly. */
const LEAST_SILENCE_MS = 10_000
/** Of intervals: a statement was due twice. */
const SILENT_INTERVALS = 2.5
/** In a small swarm; what is known is compared this often with a neighbour. */
const LEAST_COMPARING_MS = 10_000
/** Of intervals: a large swarm's answer is as much longer. */
const COMPARING_INTERVALS = 0.25
/** While there is news, it is passed on quickly: a healed partition is known everywhere in a few rounds. */
const NEWS_MS = 1500

export const RECONCILE_TIMEOUT_MS = 3000

export interface ReconciliationComponents {
  readonly sessions: Sessions
  readonly directory: Directory
  readonly exchange: Pick<CardExchange, 'learnFrom' | 'fillFrom'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly pace: Pace
  /** Exchanges statements with the peer. */
  readonly swap: (session: Session, signal: AbortSignal) => Promise<void>
}

export interface Reconciliation extends Component {
  /** Asks the peer whether it lives. */
  ask(session: Session): void
}

/** `lacking`: there is more than this neighbour had. */
type News = 'some' | 'lacking' | 'none'

export function createReconciliation(components: ReconciliationComponents): Reconciliation {
  return new NeighbourReconciliation(components)
}

class NeighbourReconciliation implements Reconciliation {
  readonly #parts: ReconciliationComponents
  #stopping: AbortController | undefined
  #rounds: Promise<unknown> = Promise.resolve()
  #news = new AbortController()

  constructor(components: ReconciliationComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    this.#stopping = new AbortController()
    this.#parts.sessions.events.on('opened', this.#onOpened)
    const { signal } = this.#stopping
    this.#rounds = Promise.all([this.#askSilentAlways(signal), this.#compareAlways(signal)])
  }

  async stop(): Promise<void> {
    this.#parts.sessions.events.off('opened', this.#onOpened)
    this.#stopping?.abort()
    this.#stopping = undefined
    await this.#rounds
  }

  ask(session: Session): void {
    if (this.#stopping !== undefined) void this.#ask(session, this.#stopping.signal)
  }

  readonly #onOpened = (): void => this.#news.abort()

  async #askSilentAlways(signal: AbortSignal): Promise<void> {
    const { clock, sessions, directory, pace } = this.#parts
    while (await clock.sleep(this.#jittered(LEAST_SILENCE_MS), signal)) {
      const silent = sessions.all().filter((session) => this.#isSilent(session))
      await Promise.all(silent.map((session) => this.#ask(session, signal)))
      if (sessions.all().length > 0 || !pace.isDeaf()) continue
      // Cut off from all, this node knows of nobody that lives.
      for (const { peer } of directory.peers()) directory.doubt(peer)
    }
  }

  #isSilent({ peer }: Session): boolean {
    const { directory, pace } = this.#parts
    const { freshMs = Infinity, doubted = false } = directory.peer(peer) ?? {}
    return doubted || freshMs >= Math.max(LEAST_SILENCE_MS, SILENT_INTERVALS * pace.interval())
  }

  async #ask(session: Session, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.swap(session, signal)
    } catch (error) {
      this.#report('a peer did not answer with its presence', session, error)
    }
  }

  async #compareAlways(signal: AbortSignal): Promise<void> {
    const { clock, pace } = this.#parts
    let news: News = 'none'
    let pause = NEWS_MS
    do {
      const rest = Math.max(LEAST_COMPARING_MS, COMPARING_INTERVALS * pace.interval())
      // What was told is fetched soon; what is not to be had is asked for ever more rarely.
      pause = news === 'lacking' ? Math.min(rest, pause * 1.5) : NEWS_MS
      if (news === 'none') {
        this.#news = new AbortController()
        await clock.sleep(this.#jittered(rest), AbortSignal.any([signal, this.#news.signal]))
      }
      // Sessions that open together are news together.
      if (!(await clock.sleep(this.#jittered(pause), signal))) return
      news = await this.#compare(signal)
    } while (!signal.aborted)
  }

  /** What a neighbour, another one each time, knew that this node did not. */
  async #compare(signal: AbortSignal): Promise<News> {
    const { sessions, random, exchange, clock } = this.#parts
    const open = sessions.all()
    const session = open[Math.floor(random.next() * open.length)]
    if (session === undefined) return 'none'
    try {
      const deadline = AbortSignal.any([signal, clock.timeout(RECONCILE_TIMEOUT_MS)])
      const isNews = await exchange.learnFrom(session, deadline)
      const { came, lacking } = await exchange.fillFrom(session, deadline)
      if (isNews || came > 0) return 'some'
      return lacking > 0 ? 'lacking' : 'none'
    } catch (error) {
      this.#report('a peer did not tell whom it knows', session, error)
      return 'lacking'
    }
  }

  #jittered(ms: number): number {
    return ms * (0.5 + this.#parts.random.next() / 2)
  }

  #report(message: string, { peer }: Session, error: unknown): void {
    this.#parts.logger.debug(message, { peer, code: toLumosError(error).code })
  }
}
