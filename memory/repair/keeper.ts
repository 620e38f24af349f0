/** Decides when to repair which space with whom: on meeting, on a hint, to spread what came, and now and then in any case. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { startDeadline } from '../../protocols/frames/deadline.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { Blame } from '../../trust/blame.ts'
import type { MemoryMeter } from '../memory-meter.ts'
import type { MemoryId } from '../replica/record.ts'
import type { RepairResult } from './repair.ts'
import { createRepairHints } from './repair-hints.ts'
import { createRepairPlaces } from './repair-places.ts'
import type { RepairPlace, RepairPlaces } from './repair-places.ts'
import { createRepairRests } from './repair-rests.ts'
import type { RepairRests } from './repair-rests.ts'

export interface KeeperComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly sessions: Pick<Sessions, 'events' | 'get' | 'all'>
  readonly blame: Blame
  /** Repairs `space` with the peer of `session`; may throw, and ends with `signal`. */
  readonly repair: (space: MemoryId, session: Session, signal: AbortSignal) => Promise<RepairResult>
  readonly meter?: Pick<MemoryMeter, 'repaired'>
}

export interface KeeperInit {
  readonly self: PeerIdText
}

export interface Keeper extends Component {
  /** From now on the space is kept equal with the peers that there are, and that come. */
  add(space: MemoryId): void
  /** From now on it is not, and what is under way is cut off. */
  remove(space: MemoryId): void
  /**
   * Something of the space is missing, which one of `peers` has, those first that know best. Nothing
   * is done if it has come by itself until then.
   */
  missing(space: MemoryId, peers: readonly PeerIdText[], isMissing: () => boolean): void
  /** `peer` has told that it holds something else. */
  differs(space: MemoryId, peer: PeerIdText): void
  /** `peer` repairs the space with this node just now: both at once would send all of it twice. */
  served(space: MemoryId, peer: PeerIdText): void
  /** `peer` asks about the space, so that it has it, perhaps since a moment ago. */
  met(space: MemoryId, peer: PeerIdText): void
  /** `peer` brought what others may not have heard of. */
  brought(space: MemoryId, peer: PeerIdText): void
}

/** What gossip delivers out of order has come by then. */
const GAP_MS = 250
/** Between two gaps of a space: one who writes more than gossip carries is asked for it in lots. */
const GAP_PAUSE_MS = 1000
/** Many hear the same beacon: they do not all come at once. */
const DIFFERENCE_MS = 2000
/** On meeting, the other side begins; unless it does not. */
const OTHER_BEGINS_MS = 3000
const ROUND_MS = 30_000
/** Between two repairs that spread news. Gossip would tell all nodes of it, from each that hears it. */
const SPREAD_MS = 1000
/** So many peers in a row that knew it are enough: beacons tell the others. */
const ENOUGH_KNEW = 3
/** A peer whose last call is younger than this is still at it. */
const SERVED_MS = 2000

export function createKeeper(components: KeeperComponents, init: KeeperInit): Keeper {
  return new SpaceKeeper(components, init)
}

interface Job {
  readonly space: MemoryId
  readonly peer: PeerIdText
}

/** What came, and goes on to other peers. */
interface News {
  readonly known: Set<PeerIdText>
  /** Peers in a row that knew it when they were asked. */
  readonly row: number
}

/** What a repair with a peer, or by it, had to do with news. */
type Part = 'brought' | 'lacked' | 'knew'

class SpaceKeeper implements Keeper {
  readonly #components: KeeperComponents
  readonly #self: PeerIdText
  /** Each with what ends its repairs. */
  readonly #spaces = new Map<MemoryId, AbortController>()
  readonly #rests: RepairRests
  readonly #places: RepairPlaces
  /** By the reason of the timer that will ask them. */
  readonly #hints = createRepairHints()
  /** Waiting jobs by name, in the order in which they came. */
  readonly #waiting = new Map<string, Job>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #served = new Map<string, number>()
  /** By what they are for, so that there is one of a kind. */
  readonly #timers = new Map<string, () => void>()
  readonly #gapAt = new Map<MemoryId, number>()
  /** By space. */
  readonly #news = new Map<MemoryId, News>()
  #stopping: AbortController | undefined
  #rounds: Promise<void> = Promise.resolve()

  constructor(components: KeeperComponents, { self }: KeeperInit) {
    this.#components = components
    this.#self = self
    this.#rests = createRepairRests(components)
    this.#places = createRepairPlaces(components)
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    this.#stopping = new AbortController()
    const { sessions } = this.#components
    sessions.events.on('opened', this.#onOpened)
    for (const session of sessions.all()) this.#onOpened(session)
    this.#rounds = this.#round(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    if (this.#stopping === undefined) return
    this.#components.sessions.events.off('opened', this.#onOpened)
    this.#stopping.abort()
    this.#stopping = undefined
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    this.#waiting.clear()
    this.#news.clear()
    this.#hints.clear()
    await Promise.all([this.#rounds, ...this.#running.values()])
  }

  add(space: MemoryId): void {
    this.#spaces.set(space, new AbortController())
    for (const { peer } of this.#components.sessions.all()) this.#want({ space, peer })
  }

  remove(space: MemoryId): void {
    this.#spaces.get(space)?.abort()
    this.#spaces.delete(space)
    this.#news.delete(space)
    this.#gapAt.delete(space)
    for (const reason of [`gap ${space}`, `difference ${space}`, `spread ${space}`]) {
      this.#timers.get(reason)?.()
      this.#timers.delete(reason)
      this.#hints.forget(reason)
    }
    for (const [name, job] of this.#waiting) if (job.space === space) this.#waiting.delete(name)
  }

  missing(space: MemoryId, peers: readonly PeerIdText[], isMissing: () => boolean): void {
    this.#hints.add(`gap ${space}`, peers)
    this.#askLater(space, isMissing)
  }

  /** One after the other, until nothing is missing. */
  #askLater(space: MemoryId, isMissing: () => boolean): void {
    const { clock } = this.#components
    const reason = `gap ${space}`
    const rest = (this.#gapAt.get(space) ?? -Infinity) + GAP_PAUSE_MS - clock.monotonic()
    this.#later(reason, Math.max(GAP_MS, rest), () => {
      if (!isMissing()) {
        this.#hints.forget(reason)
        return
      }
      this.#gapAt.set(space, clock.monotonic())
      this.#wantHinted(space, reason)
      if (this.#hints.has(reason)) this.#askLater(space, isMissing)
    })
  }

  differs(space: MemoryId, peer: PeerIdText): void {
    this.#hints.add(`difference ${space}`, [peer])
    this.#compareLater(space)
  }

  #compareLater(space: MemoryId): void {
    const reason = `difference ${space}`
    this.#later(reason, this.#components.random.next() * DIFFERENCE_MS, () => {
      this.#wantHinted(space, reason)
      if (this.#hints.has(reason)) this.#compareLater(space)
    })
  }

  #wantHinted(space: MemoryId, reason: string): void {
    const { sessions } = this.#components
    const hinted = this.#hints.take(reason, (peer) => sessions.get(peer) !== undefined)
    const peer = hinted ?? this.#anyPeer()
    if (peer !== undefined) this.#want({ space, peer })
  }

  served(space: MemoryId, peer: PeerIdText): void {
    const now = this.#components.clock.monotonic()
    this.#served.set(nameOf({ space, peer }), now)
    if (this.#served.size <= LIMITS.connections.value) return
    for (const [name, at] of this.#served) if (now - at > SERVED_MS) this.#served.delete(name)
  }

  met(space: MemoryId, peer: PeerIdText): void {
    if (this.#rests.met(nameOf({ space, peer }))) this.#next()
  }

  brought(space: MemoryId, peer: PeerIdText): void {
    this.#spread({ space, peer }, 'brought')
  }

  readonly #onOpened = ({ peer }: Session): void => {
    const meet = (): void => {
      for (const space of this.#spaces.keys()) this.#want({ space, peer })
    }
    if (this.#self < peer) meet()
    else this.#later(`meet ${peer}`, OTHER_BEGINS_MS, meet)
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#components
    while (await clock.sleep(ROUND_MS * (0.5 + random.next()), signal)) {
      const peer = this.#anyPeer()
      if (peer !== undefined) for (const space of this.#spaces.keys()) this.#want({ space, peer })
    }
  }

  #anyPeer(isFit: (peer: PeerIdText) => boolean = () => true): PeerIdText | undefined {
    const { random, sessions } = this.#components
    const open = sessions.all().filter(({ peer }) => isFit(peer))
    return open[Math.floor(random.next() * open.length)]?.peer
  }

  /** Peer by peer, each of which does the same: it is everywhere after as many rounds as the swarm's logarithm. */
  #spread({ space, peer }: Job, part: Part): void {
    const before = part === 'brought' ? undefined : this.#news.get(space)
    const isNone = before === undefined && part === 'knew'
    if (isNone || this.#stopping === undefined) return
    const { known, row } = before ?? { known: new Set<PeerIdText>(), row: 0 }
    const news = { known: known.add(peer), row: part === 'knew' ? row + 1 : 0 }
    this.#news.set(space, news)
    if (news.row >= ENOUGH_KNEW || this.#unknowing(space) === undefined) {
      this.#news.delete(space)
      return
    }
    this.#later(`spread ${space}`, SPREAD_MS * (0.5 + this.#components.random.next()), () => {
      const next = this.#unknowing(space)
      if (next !== undefined) this.#want({ space, peer: next })
    })
  }

  /** A peer, drawn by lot, that may not have what came. */
  #unknowing(space: MemoryId): PeerIdText | undefined {
    const { known } = this.#news.get(space) ?? {}
    return this.#anyPeer(
      (peer) => known?.has(peer) === false && this.#waitOf({ space, peer }) <= SERVED_MS
    )
  }

  /** Once; what comes meanwhile for the same reason is covered by it. */
  #later(reason: string, ms: number, action: () => void): void {
    if (this.#stopping === undefined || this.#timers.has(reason)) return
    const cancel = this.#components.clock.after(ms, () => {
      this.#timers.delete(reason)
      action()
    })
    this.#timers.set(reason, cancel)
  }

  #want(job: Job): void {
    if (this.#stopping === undefined || !this.#spaces.has(job.space)) return
    this.#waiting.set(nameOf(job), job)
    this.#next()
  }

  /** Begins what may begin; looks again when something that holds the others up is over. */
  #next(): void {
    const { signal: stopping } = this.#stopping ?? {}
    if (stopping === undefined) return
    let rest = Infinity
    for (const [name, job] of this.#waiting) {
      if (this.#running.size >= LIMITS.memoryRepairs.value) return
      if (this.#running.has(name)) continue
      const wait = this.#waitOf(job)
      if (wait > 0) {
        rest = Math.min(rest, wait)
        continue
      }
      const place = this.#places.enter(job.peer)
      if (place === undefined) continue
      this.#waiting.delete(name)
      const ended = this.#spaces.get(job.space)?.signal ?? stopping
      const signal = AbortSignal.any([stopping, ended])
      const run = this.#run(job, place, signal).finally(() => {
        place.leave()
        this.#running.delete(name)
        this.#next()
      })
      this.#running.set(name, run)
    }
    if (rest < Infinity) this.#later('rest', rest, () => this.#next())
  }

  #waitOf(job: Job): number {
    const { clock } = this.#components
    const name = nameOf(job)
    const served = (this.#served.get(name) ?? -Infinity) + SERVED_MS - clock.monotonic()
    return Math.max(served, this.#rests.waitOf(name, job.peer))
  }

  async #run(job: Job, place: RepairPlace, signal: AbortSignal): Promise<void> {
    const { clock, sessions, logger, repair, meter } = this.#components
    const session = sessions.get(job.peer)
    const deadline = startDeadline(clock, place.deadlineMs)
    let part: Part = 'knew'
    try {
      if (session === undefined) return
      const within = AbortSignal.any([signal, deadline.signal])
      const result = await repair(job.space, session, within)
      meter?.repaired(result)
      this.#rests.succeeded(nameOf(job))
      const moved = result.pulled + result.pushed + result.audited + result.dropped
      if (result.pulled + result.audited > 0) part = 'brought'
      else if (result.pushed > 0) part = 'lacked'
      if (moved > 0) logger.debug('a space was repaired', { ...job, ...result })
    } catch (error) {
      if (signal.aborted) return
      if (place.isLast && deadline.signal.aborted) {
        this.#want(job)
        return
      }
      meter?.repaired(undefined)
      const failure = toLumosError(error)
      this.#rests.failed(nameOf(job), job.peer, failure)
      logger.debug('a space was not repaired', { ...job, code: failure.code })
    } finally {
      deadline.cancel()
      this.#spread(job, part)
    }
  }
}

function nameOf({ space, peer }: Job): string {
  return `${space} ${peer}`
}
