/** Makes this node's skills findable across the swarm, and finds peers that may have a skill. */
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { CardBook } from '../cards/card-book.ts'
import { waitInCrowd } from '../presence/crowd.ts'
import { branchesOf } from '../directory/query.ts'

/** Nodes that keep a record: Kademlia's k. Of its own choice, 20, a hundred nodes that announced were a full mesh for a minute (measured). */
export const KEEPERS = 10
/**
 * A provider record counts so long: two of them are announced in that time. Announcing is the largest cost of a node at
 * rest; a longer time gives more hints to nodes that are gone, each of which costs whoever follows it a dial.
 */
export const RECORD_VALIDITY_MS = 30 * 60 * 1000
export const ANNOUNCE_INTERVAL_MS = 12 * 60 * 1000
/** In a swarm that has grown so much, others are closest to a key. */
const GROWN = 2
const GROWTH_LOOK_MS = 30_000
/** A first announcement among 20 nodes took 5.8 s (measured). */
const ANNOUNCE_TIMEOUT_MS = 15_000
/** More at a time would starve other queries of the DHT. */
const PARALLEL_ANNOUNCEMENTS = 4
/** A skill that more living peers have is announced by so many of them in a round, on average, drawn by lot. */
const ENOUGH_ANNOUNCERS = LIMITS.dhtProviders.value / 2
/** A failed round (no peers yet, most often) is tried again soon, and then ever less often. */
const RETRY_MS = 15_000
/** Peers are still met, and presence tells the living of each other: records are not needed yet. */
const QUIET_MS = 5000
/** A node whose peers come and go without end announces all the same. */
const LONGEST_QUIET_MS = 60_000
/** So many nodes may announce at once: of the others each waits for a random part of {@link SPREAD_MS} for each node. */
const UNSPREAD_NODES = 10
/** A record or two of a node make some 25 dials: 0.6 s of CPU in all where most are strangers (measured). */
const SPREAD_MS = 1200
const LONGEST_SPREAD_MS = 120_000

/** The part of libp2p's content routing that is needed. */
export interface ProviderRecords {
  /** Resolves to how many nodes were given the record. */
  provide(cid: CID, options: { readonly signal: AbortSignal }): Promise<number>
  findProviders(
    cid: CID,
    options: { readonly signal: AbortSignal }
  ): AsyncIterable<{ readonly id: { toString(): string } }>
  cancelReprovide(cid: CID): Promise<void>
}

export interface CapabilityDhtComponents {
  readonly records: ProviderRecords
  /** Whose skills are announced. */
  readonly book: Pick<CardBook, 'cards' | 'events'>
  /** How many living peers are known to have the skill, or one below it. */
  readonly holders: (skillId: string) => number
  /** How many nodes are known, this one included. */
  readonly nodes: () => number
  readonly sessions: { all(): readonly Pick<Session, 'openedAt'>[] }
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** How announcing goes. */
export interface Announcing {
  /** Keys that are announced: skills and the branches above them. */
  readonly keys: number
  /** Monotonic milliseconds; `undefined` before the first whole round. */
  readonly announcedAt: number | undefined
  /** Keys that could not be announced in the last round. */
  readonly failed: number
}

export interface CapabilityDht extends Component {
  announcing(): Announcing
  /** Announces again now: call when the routing table has got its first peers. */
  refresh(): void
  /**
   * Peers whose records name the skill, as they are found; ends after `LIMITS.dhtFind` at most and
   * with `signal`, without an error. Hints only: a record may be old or a lie.
   */
  providers(skillId: string, signal?: AbortSignal): AsyncIterable<PeerIdText>
}

/** The key under which providers of a skill are recorded: CIDv1, raw, SHA-256 of `lumos:skill:<id>`. */
export async function skillCid(skillId: string): Promise<CID> {
  const bytes = new TextEncoder().encode(`lumos:skill:${skillId.toLowerCase()}`)
  return CID.createV1(raw.code, await sha256.digest(bytes))
}

export function createCapabilityDht(components: CapabilityDhtComponents): CapabilityDht {
  return new AnnouncingDht(components)
}

class AnnouncingDht implements CapabilityDht {
  readonly #components: CapabilityDhtComponents
  #announced: ReadonlySet<string> = new Set()
  #announcedAt: number | undefined
  #failed = 0
  #stopping: AbortController | undefined
  /** Ends the wait between rounds. */
  #waking = new AbortController()
  #rounds: Promise<void> = Promise.resolve()
  #withdrawals: Promise<unknown> = Promise.resolve()

  constructor(components: CapabilityDhtComponents) {
    this.#components = components
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    this.#components.book.events.on('signed', this.#onSigned)
    this.#onSigned()
    this.#stopping = new AbortController()
    this.#rounds = this.#announceAlways(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#components.book.events.off('signed', this.#onSigned)
    this.#stopping?.abort()
    this.#stopping = undefined
    await Promise.all([this.#rounds, this.#withdrawals])
  }

  readonly #onSigned = (): void => {
    const cards = this.#components.book.cards()
    const keys = announcedKeys(cards.flatMap(({ card }) => card.skills.map(({ id }) => id)))
    const gone = [...this.#announced].filter((key) => !keys.has(key))
    const come = [...keys].some((key) => !this.#announced.has(key))
    this.#announced = keys
    this.#withdrawals = Promise.allSettled([
      this.#withdrawals,
      ...gone.map(async (key) => this.#withdraw(key))
    ])
    // Cards are also signed anew without any change of skills.
    if (come) this.refresh()
  }

  refresh(): void {
    this.#waking.abort()
  }

  announcing(): Announcing {
    const { size: keys } = this.#announced
    return { keys, announcedAt: this.#announcedAt, failed: this.#failed }
  }

  async *providers(skillId: string, signal?: AbortSignal): AsyncIterable<PeerIdText> {
    const { records, clock, logger } = this.#components
    const ended = new AbortController()
    const reasons = [ended.signal, clock.timeout(LIMITS.dhtFind.value), ...(signal ? [signal] : [])]
    const budget = AbortSignal.any(reasons)
    const seen = new Set<PeerIdText>()
    try {
      const found = records.findProviders(await skillCid(skillId), { signal: budget })
      for await (const { id } of untilAborted(found, budget)) {
        const peer = id.toString()
        if (seen.has(peer)) continue
        seen.add(peer)
        yield peer
        if (seen.size >= LIMITS.dhtProviders.value) return
      }
    } catch (error) {
      // The budget's end is the usual end of a search; anything else is worth a line.
      if (!budget.aborted) logger.debug('a DHT search failed', { code: toLumosError(error).code })
    } finally {
      ended.abort()
    }
  }

  async #announceAlways(stopped: AbortSignal): Promise<void> {
    let retryMs = RETRY_MS
    while (!stopped.aborted) {
      await this.#waitForCalm(stopped)
      this.#waking = new AbortController()
      // Without peers there is nobody to tell; what was begun then would end half done when the first comes.
      const hasPeers = this.#components.sessions.all().length > 0
      const complete = hasPeers && (await this.#announceAll(stopped))
      await this.#rest(complete ? ANNOUNCE_INTERVAL_MS : retryMs, stopped)
      retryMs = complete || !hasPeers ? RETRY_MS : Math.min(ANNOUNCE_INTERVAL_MS, 2 * retryMs)
    }
  }

  /** Until the time is over, something is new, or the swarm is another one. */
  async #rest(ms: number, stopped: AbortSignal): Promise<void> {
    const { clock, nodes, random } = this.#components
    const signal = AbortSignal.any([stopped, this.#waking.signal])
    const until = clock.monotonic() + ms * (0.9 + random.next() * 0.1)
    const known = nodes()
    while (nodes() < GROWN * known) {
      const left = until - clock.monotonic()
      if (left <= 0 || !(await clock.sleep(Math.min(left, GROWTH_LOOK_MS), signal))) return
    }
  }

  /**
   * A swarm whose nodes start at once is busy with meeting. Announcing dials strangers, by far the most
   * expensive thing that a node does: of a hundred such nodes it was most of the work, and they did not meet.
   */
  async #waitForCalm(stopped: AbortSignal): Promise<void> {
    const { clock, nodes, sessions } = this.#components
    const since = clock.now()
    const metAt = (): number => Math.max(...sessions.all().map(({ openedAt }) => openedAt))
    const crowd = (): number => Math.max(0, nodes() - UNSPREAD_NODES)
    await waitInCrowd(
      this.#components,
      {
        least: () => Math.max(0, Math.min(LONGEST_QUIET_MS, metAt() + QUIET_MS - since)),
        spread: () => Math.min(LONGEST_SPREAD_MS, crowd() * SPREAD_MS)
      },
      stopped
    )
  }

  /** Whether every announcement worked, and is kept by enough nodes. */
  async #announceAll(stopped: AbortSignal): Promise<boolean> {
    const { yes: queue, no: resting } = this.#draw()
    const enough = Math.min(KEEPERS, this.#components.nodes() - 1) / 2
    let [failed, thin] = [0, 0]
    const worker = async (): Promise<void> => {
      for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
        if (stopped.aborted) return
        const keepers = await this.#announce(key, stopped)
        if (keepers === undefined) failed += 1
        else if (keepers < enough) thin += 1
      }
    }
    await Promise.all([
      ...Array.from({ length: PARALLEL_ANNOUNCEMENTS }, worker),
      ...resting.map(async (key) => this.#withdraw(key))
    ])
    this.#failed = failed
    if (failed > 0 || stopped.aborted) return false
    this.#announcedAt = this.#components.clock.monotonic()
    return thin === 0
  }

  /**
   * Which keys are this node's turn. What thousands have, as they have the built-in agents, their directories
   * find; announced by all, it would be a flood to the few nodes that keep its records.
   */
  #draw(): { readonly yes: string[]; readonly no: readonly string[] } {
    const { holders, random } = this.#components
    const [yes, no]: [string[], string[]] = [[], []]
    for (const key of this.#announced) {
      const isTurn = random.next() * holders(key) < ENOUGH_ANNOUNCERS
      ;(isTurn ? yes : no).push(key)
    }
    return { yes, no }
  }

  /** How many were given the record; `undefined` when it failed. */
  async #announce(key: string, stopped: AbortSignal): Promise<number | undefined> {
    const { records, clock, logger } = this.#components
    const signal = AbortSignal.any([stopped, clock.timeout(ANNOUNCE_TIMEOUT_MS)])
    try {
      const keepers = await records.provide(await skillCid(key), { signal })
      // The agent went while its skill was announced.
      if (!this.#announced.has(key)) await this.#withdraw(key)
      return keepers
    } catch (error) {
      if (!stopped.aborted) {
        logger.debug('a skill was not announced', { skill: key, code: toLumosError(error).code })
      }
      return undefined
    }
  }

  /** Otherwise the DHT would announce the skill again by itself, for ever. */
  async #withdraw(key: string): Promise<void> {
    const { records, logger } = this.#components
    try {
      await records.cancelReprovide(await skillCid(key))
    } catch (error) {
      logger.debug('a skill was not withdrawn', { skill: key, code: toLumosError(error).code })
    }
  }
}

// Ends with the signal even when the source does not: a DHT query may wait for dead peers.
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]()
  const { promise: aborted, resolve } = Promise.withResolvers<{ done: true }>()
  const onAbort = (): void => resolve({ done: true })
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    for (;;) {
      const next = iterator.next()
      // Once the race is lost, nobody else would hear it fail.
      next.catch(() => undefined)
      const result = await Promise.race([next, aborted])
      if (result.done === true) return
      yield result.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    iterator.return?.()?.catch(() => undefined)
  }
}

/** Skills and the branches above them, so that `vision` finds `vision.caption`. */
function announcedKeys(skillIds: Iterable<string>): ReadonlySet<string> {
  const ids = Array.from(skillIds, (id) => id.toLowerCase())
  return new Set([...ids, ...ids.flatMap(branchesOf)].slice(0, LIMITS.announcedSkills.value))
}
