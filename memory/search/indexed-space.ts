/** The index of one space, kept equal to its records: it reads what changed since it last looked. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { MemorySpace, Position } from '../shared-memory.ts'
import { createCatchingUp } from '../catching-up.ts'
import { documentOf } from './document.ts'
import type { EmbeddedChanges } from './embedding.ts'
import type { SearchWorker } from './search-worker.ts'
import type { Snapshots } from './snapshots.ts'
import type { IndexHit } from './search-index.ts'
import type { IndexChange, SpaceIndexState, SpaceQuery } from './space-index.ts'

export type SearchedSpace = Pick<MemorySpace, 'space' | 'get' | 'watch'>

export interface IndexedSpaceComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  readonly snapshots: Snapshots
  readonly worker: SearchWorker
  readonly embedded: EmbeddedChanges
}

/** Share of an index that may have changed before it is saved again. */
const SAVE_SHARE = 0.1
const SAVE_LEAST = 1000

/**
 * Reading on demand instead of following: whoever writes pays nothing for searching, and a search
 * always sees what was written before it.
 */
export class IndexedSpace {
  readonly #components: IndexedSpaceComponents
  readonly #space: SearchedSpace
  #state: SpaceIndexState | undefined
  /** Up to here the index has seen everything; `undefined`: it has to begin anew. */
  #position: Position | undefined
  #unsaved = 0
  readonly #refresh: (signal: AbortSignal) => Promise<void>
  #last: Promise<void> = Promise.resolve()

  constructor(components: IndexedSpaceComponents, space: SearchedSpace) {
    this.#components = components
    this.#space = space
    this.#refresh = createCatchingUp((signal) => this.#catchUp(signal))
  }

  isOf(space: SearchedSpace): boolean {
    return space === this.#space
  }

  get state(): SpaceIndexState {
    return this.#state ?? { documents: 0, vectors: 0, expiring: 0, full: false }
  }

  /** Resolves when the index has seen all that was on disk at the call. */
  refresh(signal: AbortSignal): Promise<void> {
    this.#last = this.#refresh(signal)
    return this.#last
  }

  find(query: SpaceQuery): Promise<readonly IndexHit[]> {
    return this.#components.worker.ask('find', this.#space.space.id, query)
  }

  /** Takes keys out that vanished without a word, as those do that expire. */
  async forget(keys: readonly string[]): Promise<void> {
    await this.#apply(keys.map((key) => ({ key, document: undefined })))
  }

  /** Saves what is worth it; after it the index is gone from the thread. */
  async close(): Promise<void> {
    await this.#last.catch(() => undefined)
    if (this.#unsaved > 0) await this.#save()
    await this.#components.worker.ask('close', this.#space.space.id, undefined)
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    if (this.#state === undefined) await this.#open()
    if (this.#position === undefined) await this.#begin()
    await this.#retryVectors(signal)
    await this.#read(signal)
    await this.#expire()
    const share = SAVE_SHARE * this.state.documents
    if (this.#unsaved >= Math.max(SAVE_LEAST, share)) await this.#save()
  }

  async #read(signal: AbortSignal): Promise<void> {
    const changed = new Map<string, IndexChange>()
    const flush = async (): Promise<void> => {
      const changes = [...changed.values()]
      changed.clear()
      await this.#apply(await this.#components.embedded.complete(changes, signal))
    }
    const query = this.#position === undefined ? {} : { after: this.#position }
    for await (const event of this.#space.watch(query, signal)) {
      if (event.type === 'put') {
        const { key, value, expires } = event.entry
        changed.set(key, {
          key,
          document: documentOf(value),
          ...(expires !== undefined && { expires })
        })
      } else if (event.type === 'delete') {
        changed.set(event.key, { key: event.key, document: undefined })
      } else if (event.type === 'reset') {
        changed.clear()
        await this.#begin()
      } else {
        await flush()
        this.#position = event.position
        return
      }
      if (changed.size >= LIMITS.searchBatch.value) await flush()
    }
    signal.throwIfAborted()
  }

  async #open(): Promise<void> {
    const { snapshots, worker, logger } = this.#components
    const { id, name, sealed } = this.#space.space
    const snapshot = sealed ? undefined : await snapshots.read(id)
    if (snapshot === undefined) return
    try {
      this.#state = await worker.ask('open', id, { saved: snapshot.bytes })
      this.#position = snapshot.position
    } catch (error) {
      logger.warn('the index of a space is made anew', { space: name, ...codeOf(error) })
    }
  }

  /** From nothing: a part of an index cannot tell what was deleted while nobody looked. */
  async #begin(): Promise<void> {
    this.#position = undefined
    this.#state = await this.#components.worker.ask('open', this.#space.space.id, {})
  }

  async #apply(changes: readonly IndexChange[]): Promise<void> {
    if (changes.length === 0) return
    this.#state = await this.#components.worker.ask('apply', this.#space.space.id, changes)
    this.#unsaved += changes.length
  }

  /** The feed does not tell of what expires: without this, it would fill the index. */
  async #expire(): Promise<void> {
    const { clock, worker } = this.#components
    if (this.state.expiring === 0) return
    this.#state = await worker.ask('expire', this.#space.space.id, clock.now())
  }

  async #retryVectors(signal: AbortSignal): Promise<void> {
    const { embedded } = this.#components
    const keys = embedded.takeFailed(LIMITS.searchBatch.value)
    if (keys.length === 0) return
    const changes = await Promise.all(
      keys.map(async (key): Promise<IndexChange> => {
        const entry = await this.#space.get(key)
        const { value, expires } = entry ?? {}
        return {
          key,
          document: value && documentOf(value),
          ...(expires !== undefined && { expires })
        }
      })
    )
    await this.#apply(await embedded.complete(changes, signal))
  }

  async #save(): Promise<void> {
    const { snapshots, worker, logger } = this.#components
    const { id, name, sealed } = this.#space.space
    const position = this.#position
    // What is encrypted in the database must not lie beside it in plain words.
    if (sealed || position === undefined) return
    try {
      const bytes = await worker.ask('save', id, undefined)
      await snapshots.write(id, { position, bytes })
      this.#unsaved = 0
    } catch (error) {
      const { code } = codeOf(error)
      // Forgotten meanwhile: nothing of it shall be kept.
      if (code === 'SPACE_UNKNOWN') return
      logger.warn('the index of a space could not be saved', { space: name, code })
    }
  }
}

function codeOf(error: unknown): { readonly code: string } {
  return { code: toLumosError(error).code }
}
