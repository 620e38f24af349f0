/** Answers questions about the records of spaces, by their words and by their meaning. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Store } from '../../storage/store.ts'
import type { MemoryId } from '../replica/record.ts'
import type { MemoryEntry } from '../shared-memory.ts'
import type { Embedder } from './embedding.ts'
import { IndexRoom } from './index-room.ts'
import type { IndexedSpace, SearchedSpace } from './indexed-space.ts'
import type { SearchWorker } from './search-worker.ts'
import { createSnapshots } from './snapshots.ts'
import type { SpaceQuery } from './space-index.ts'
import type { UnitVector } from './vector-table.ts'
import { unitVector } from './vector-table.ts'

/** `both`: what either finds, best first by its places in the two answers. */
export type SearchMode = 'text' | 'vector' | 'both'

export interface SearchQuery {
  readonly text?: string
  /** Of the length that the vectors of the records have. Without it, one is made of `text` if the node can. */
  readonly vector?: readonly number[]
  /** Default: `both` where there is a vector, else `text`. */
  readonly mode?: SearchMode
  /** What keys begin with. */
  readonly prefix?: string
  /** Default 10. */
  readonly limit?: number
}

export interface SearchHit {
  readonly entry: MemoryEntry
  /** Higher is better; comparable within one answer only. */
  readonly score: number
}

export interface SearchAnswer {
  /** Best first. */
  readonly hits: readonly SearchHit[]
  /** False when the space holds more than an index may: some records cannot be found. */
  readonly complete: boolean
}

export interface MemorySearch extends Component {
  /**
   * Sees all that was on this node's disk at the call.
   *
   * @throws SEARCH_INVALID, SEARCH_BUSY (the first search of a large space), SEARCH_FAILED, SHUTTING_DOWN
   */
  search(space: SearchedSpace, query: SearchQuery, signal?: AbortSignal): Promise<SearchAnswer>
}

export interface MemorySearchComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** The node's database as a space sees it; asked for when it is used. */
  readonly store: (space: MemoryId) => Pick<Store, 'get' | 'iterate' | 'commit'>
  readonly startWorker: () => SearchWorker
  /** Without one, only records that carry vectors are found by meaning, and with a vector only. */
  readonly embedder?: Embedder
}

const DEFAULT_HITS = 10

/** A node that is never asked has neither thread nor index. */
export function createMemorySearch(components: MemorySearchComponents): MemorySearch {
  return new Search(components)
}

class Search implements MemorySearch {
  readonly #components: MemorySearchComponents
  readonly #room: IndexRoom
  #stopping: AbortController | undefined

  constructor(components: MemorySearchComponents) {
    this.#components = components
    const { store, embedder } = components
    const snapshots = createSnapshots({ store }, { maker: embedder?.name ?? '' })
    this.#room = new IndexRoom({ ...components, snapshots, embedder })
  }

  async start(): Promise<void> {
    this.#stopping ??= new AbortController()
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new LumosError('SHUTTING_DOWN'))
    this.#stopping = undefined
    await this.#room.stop()
  }

  async search(
    space: SearchedSpace,
    query: SearchQuery,
    signal?: AbortSignal
  ): Promise<SearchAnswer> {
    const stopping = this.#stopping?.signal
    if (stopping === undefined) throw new LumosError('SHUTTING_DOWN')
    const given = AbortSignal.any([stopping, ...(signal ? [signal] : [])])
    given.throwIfAborted()
    const wanted = await this.#wanted(query, given)
    return this.#room.use(space, async (index) => {
      // Whoever gives up does not stop the work on the index: the next one finds it further on.
      await this.#within(given, space, index.refresh(stopping))
      return { hits: await hitsOf(index, space, wanted), complete: !index.state.full }
    })
  }

  async #within(given: AbortSignal, { space }: SearchedSpace, work: Promise<void>): Promise<void> {
    const done = new AbortController()
    const patience = this.#patience(AbortSignal.any([given, done.signal]))
    // Whichever comes second, nobody waits for it any more.
    work.catch(() => undefined)
    try {
      const result = await Promise.race([work, patience])
      given.throwIfAborted()
      if (result === 'late') throw new LumosError('SEARCH_BUSY', { details: { space: space.name } })
    } finally {
      done.abort()
    }
  }

  async #patience(signal: AbortSignal): Promise<'late' | 'left'> {
    const whole = await this.#components.clock.sleep(LIMITS.searchWait.value, signal)
    return whole ? 'late' : 'left'
  }

  async #wanted(query: SearchQuery, signal: AbortSignal): Promise<SpaceQuery> {
    const { text, mode, prefix, limit = DEFAULT_HITS } = query
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMITS.searchHits.value) {
      throw invalid(`it may ask for 1 to ${LIMITS.searchHits.value} hits`)
    }
    if (text !== undefined && text.length > LIMITS.searchQuestionLength.value) {
      throw invalid(`it may have ${LIMITS.searchQuestionLength.value} characters`)
    }
    const vector = mode === 'text' ? undefined : await this.#vector(query, signal)
    if (mode !== undefined && mode !== 'text' && vector === undefined) {
      throw invalid('it names no vector, and this node makes none')
    }
    const wanted = mode === 'vector' ? undefined : text
    if (wanted === undefined && vector === undefined) throw invalid('it asks for nothing')
    return {
      limit,
      ...(prefix !== undefined && { prefix }),
      ...(wanted !== undefined && { text: wanted }),
      ...(vector !== undefined && { vector })
    }
  }

  async #vector(
    { text, vector, mode }: SearchQuery,
    signal: AbortSignal
  ): Promise<UnitVector | undefined> {
    const { embedder, clock } = this.#components
    if (vector !== undefined) {
      const unit = vector.length > LIMITS.searchDimensions.value ? undefined : unitVector(vector)
      if (unit === undefined) throw invalid('its vector points nowhere, or is too long')
      return unit
    }
    if (text === undefined || embedder === undefined) return undefined
    const within = AbortSignal.any([signal, clock.timeout(LIMITS.embedTimeout.value)])
    try {
      const [made] = await embedder.embed([text], within)
      return made && unitVector(made)
    } catch (cause) {
      signal.throwIfAborted()
      // Words still find something.
      if (mode === undefined) return undefined
      throw new LumosError('SEARCH_FAILED', { cause, details: { reason: 'no vector was made' } })
    }
  }
}

/** Records that expire vanish without a word: their places in the answer go to others. */
async function hitsOf(
  index: IndexedSpace,
  space: SearchedSpace,
  wanted: SpaceQuery
): Promise<readonly SearchHit[]> {
  for (;;) {
    const found = await index.find(wanted)
    const entries = await Promise.all(found.map(({ key }) => space.get(key)))
    const gone = found.filter((_, at) => entries[at] === undefined).map(({ key }) => key)
    if (gone.length === 0) {
      return found.flatMap(({ score }, at) => {
        const entry = entries[at]
        return entry === undefined ? [] : [{ entry, score }]
      })
    }
    await index.forget(gone)
  }
}

function invalid(reason: string): LumosError {
  return new LumosError('SEARCH_INVALID', { details: { reason } })
}
