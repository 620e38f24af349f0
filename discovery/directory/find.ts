/** Answers "who can do this?": from the directory at once, and from the DHT when nobody known can. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { toLumosError } from '../../core/errors.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import type { CapabilityDht } from '../dht/capability-dht.ts'
import type { CardExchange } from '../cards/card-exchange.ts'
import type { Directory } from './directory.ts'
import type { Provider } from './provider.ts'
import type { FindByMeaning } from './meaning.ts'
import { parseQuery } from './query.ts'
import type { Query } from './query.ts'

/** A skill that nobody has is not looked up again for this long. */
export const NEGATIVE_CACHE_MS = 5000
/** A provider that turned out not to have the skill is not asked for it again for this long. */
const LIAR_CACHE_MS = 60_000
/** Time for connecting to a found provider and checking its cards, beside the search itself. */
const CONFIRM_TIMEOUT_MS = 3000
const CACHE_ENTRIES = 1024
/** Cards come by the hundred when a node has just come. */
const LOOK_AGAIN_MS = 20

export interface FinderComponents {
  readonly directory: Directory
  readonly dht: Pick<CapabilityDht, 'providers'>
  /** Where a model for it is configured. */
  readonly findByMeaning?: FindByMeaning
  readonly exchange: Pick<CardExchange, 'confirm' | 'learning'>
  readonly self: PeerIdText
  readonly clock: Clock
  readonly logger: Logger
}

export interface FindOptions {
  /** Ask the DHT although the directory has an answer, and all whom it names. */
  readonly wide?: boolean
  /** Never ask the DHT. */
  readonly narrow?: boolean
  /** Names, branches and tags only: what merely has the words is no answer. For running tasks. */
  readonly exact?: boolean
  readonly limit?: number
  readonly signal?: AbortSignal
}

export interface Found {
  /** Best first. */
  readonly providers: readonly Provider[]
  readonly asked: {
    /** Peers in the directory, this node included. */
    readonly directory: number
    readonly dht: boolean
    readonly tookMs: number
  }
}

export interface Finder {
  /**
   * Agents and skills that fit `query`: `@agent@node`, agent id, skill id, branch of skill ids, tag
   * or words. Every provider returned has a verified card.
   */
  find(query: string, options?: FindOptions): Promise<Found>
}

export function createFinder(components: FinderComponents): Finder {
  const { directory, clock } = components
  const widen = createWidening(components)
  const meaning = meaningOf(components)

  return {
    async find(query, { wide = false, narrow = false, exact = false, limit, signal } = {}) {
      const startedAt = clock.monotonic()
      const parsed = exact ? { ...parseQuery(query), words: [] } : parseQuery(query)
      const options = limit === undefined ? {} : { limit }
      let providers = directory.search(parsed, options)
      const askDht = !narrow && isSkillId(parsed) && (wide || providers.length === 0)
      const asked = askDht && (await widen(parsed, { all: wide, signal }))
      signal?.throwIfAborted()
      if (asked) providers = directory.search(parsed, options)
      providers = await meaning(parsed, providers, { limit, signal })
      const tookMs = clock.monotonic() - startedAt
      return { providers, asked: { directory: directory.peers().length, dht: asked, tookMs } }
    }
  }
}

interface MeaningOptions {
  readonly limit: number | undefined
  readonly signal: AbortSignal | undefined
}

/** What is somebody's name was meant as one; only what is asked in words is asked of a model. */
function meaningOf({ findByMeaning }: FinderComponents) {
  return async (
    query: Query,
    providers: readonly Provider[],
    { limit = LIMITS.findByWords.value, signal }: MeaningOptions
  ): Promise<readonly Provider[]> => {
    if (findByMeaning === undefined || query.words.length === 0) return providers
    if (providers.some(({ match }) => match !== 'words')) return providers
    return findByMeaning(query, providers, { limit, signal })
  }
}

/** The DHT has keys for skills and their branches only: not for agents on a node, nor for words. */
function isSkillId({ text, agent }: Query): boolean {
  return agent === undefined && /^\S+$/.test(text)
}

/** Whether the DHT was asked; what it found is then in the directory. */
type Widening = (query: Query, options: WideningOptions) => Promise<boolean>

interface WideningOptions {
  /** Waits for everybody who is named; else the first that proves it has the skill, or is told of by others, is enough. */
  readonly all: boolean
  readonly signal: AbortSignal | undefined
}

function createWidening(components: FinderComponents): Widening {
  const { directory, dht, exchange, self, clock, logger } = components
  const fruitless = createExpiringSet(clock, NEGATIVE_CACHE_MS)
  const liars = createExpiringSet(clock, LIAR_CACHE_MS)

  /** Whether the peer, asked itself, has the skill. */
  async function confirm(peer: PeerIdText, skillId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await exchange.confirm(peer, signal)
    } catch (error) {
      if (signal.aborted) return false
      logger.debug('a found provider did not answer', { peer, code: toLumosError(error).code })
    }
    if (directory.search(skillId, { limit: Infinity }).some((found) => found.peer === peer)) {
      return true
    }
    liars.add(`${peer} ${skillId}`)
    return false
  }

  return async (query, { all, signal }) => {
    const { text: skillId } = query
    if (fruitless.has(skillId)) return false
    const enough = new AbortController()
    const timeout = clock.timeout(LIMITS.dhtFind.value + CONFIRM_TIMEOUT_MS)
    const ended = AbortSignal.any([enough.signal, timeout, ...(signal ? [signal] : [])])
    const running = new Set<Promise<void>>()
    let proofs = 0
    async function prove(peer: PeerIdText): Promise<void> {
      if (!(await confirm(peer, skillId, ended))) return
      proofs += 1
      // People wait for an answer.
      if (!all) enough.abort()
    }
    const unwatch = all ? undefined : onceKnown(components, query, () => enough.abort())
    for await (const peer of dht.providers(skillId, ended)) {
      if (peer === self || liars.has(`${peer} ${skillId}`)) continue
      const confirmation = prove(peer)
      running.add(confirmation)
      void confirmation.finally(() => running.delete(confirmation))
      if (running.size >= LIMITS.dhtConfirmations.value) await Promise.race(running)
    }
    await Promise.all(running)
    // The DHT knows nobody yet either when a node has just come; its first peers are telling it of all others.
    if (proofs === 0) await untilAborted(exchange.learning(), ended)
    unwatch?.()
    if (proofs === 0 && !enough.signal.aborted) fruitless.add(skillId)
    return true
  }
}

/** Calls `known` when somebody comes into the directory who fits; until the returned function is called. */
function onceKnown(
  { directory, clock }: FinderComponents,
  query: Query,
  known: () => void
): () => void {
  let cancel: (() => void) | undefined
  const look = (): void => {
    cancel = undefined
    if (directory.search(query, { limit: 1 }).length > 0) known()
  }
  const onChanged = (): void => {
    cancel ??= clock.after(LOOK_AGAIN_MS, look)
  }
  directory.events.on('changed', onChanged)
  return () => {
    directory.events.off('changed', onChanged)
    cancel?.()
  }
}

async function untilAborted(
  work: Promise<unknown> | undefined,
  signal: AbortSignal
): Promise<void> {
  if (work === undefined || signal.aborted) return
  await unlessAborted(work, signal).catch(() => undefined)
}

interface ExpiringSet {
  has(key: string): boolean
  add(key: string): void
}

function createExpiringSet(clock: Clock, ttlMs: number): ExpiringSet {
  /** In order of expiry, since all live equally long. */
  const expiries = new RecentMap<string, number>(CACHE_ENTRIES)
  return {
    has: (key) => (expiries.get(key) ?? -Infinity) > clock.monotonic(),
    add(key) {
      expiries.set(key, clock.monotonic() + ttlMs)
    }
  }
}
