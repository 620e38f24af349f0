/** Holds the indexes that are in use, and lets go of those that nobody asks any more. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { MemoryId } from '../replica/record.ts'
import type { Embedder } from './embedding.ts'
import { createEmbeddedChanges } from './embedding.ts'
import type { SearchedSpace } from './indexed-space.ts'
import { IndexedSpace } from './indexed-space.ts'
import type { SearchWorker } from './search-worker.ts'
import type { Snapshots } from './snapshots.ts'

export interface IndexRoomComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly snapshots: Snapshots
  readonly startWorker: () => SearchWorker
  readonly embedder: Embedder | undefined
}

interface Place {
  readonly index: IndexedSpace
  users: number
  cancelIdle: () => void
  /** While it is being closed; its space cannot be opened before. */
  closing: Promise<void> | undefined
}

/** The one asked longest ago stands first. */
interface Room {
  readonly worker: SearchWorker
  readonly places: Map<MemoryId, Place>
}

/** Thread and indexes are there only while somebody searches. */
export class IndexRoom {
  readonly #components: IndexRoomComponents
  #room: Room | undefined

  constructor(components: IndexRoomComponents) {
    this.#components = components
  }

  /** @throws SEARCH_BUSY when too many spaces are searched at once; what `action` throws */
  async use<T>(space: SearchedSpace, action: (index: IndexedSpace) => Promise<T>): Promise<T> {
    const { room, place } = await this.#enter(space)
    place.users += 1
    place.cancelIdle()
    try {
      return await action(place.index)
    } finally {
      place.users -= 1
      if (place.users === 0) {
        place.cancelIdle = this.#components.clock.after(
          LIMITS.searchIdle.value,
          () => void this.#leave(room, space.space.id)
        )
      }
    }
  }

  /** Saves within LIMITS.searchClose, then ends the thread. */
  async stop(): Promise<void> {
    const room = this.#room
    if (room === undefined) return
    this.#room = undefined
    const over = new AbortController()
    const saved = Promise.all(Array.from(room.places.keys(), (id) => this.#leave(room, id)))
    const late = this.#components.clock.sleep(LIMITS.searchClose.value, over.signal)
    await Promise.race([saved, late])
    over.abort()
    await room.worker.stop()
    await saved
  }

  async #enter(space: SearchedSpace): Promise<{ readonly room: Room; readonly place: Place }> {
    const { id } = space.space
    for (;;) {
      const room = this.#opened()
      const there = room.places.get(id)
      if (there === undefined) {
        const closing = this.#makeRoom(room)
        if (closing === undefined) {
          const place = this.#place(room, space)
          room.places.set(id, place)
          return { room, place }
        }
        await closing
      } else if (there.closing !== undefined) {
        await there.closing
      } else if (!there.index.isOf(space)) {
        // It was forgotten and joined again: what the index has seen is gone.
        await this.#leave(room, id)
      } else {
        room.places.delete(id)
        room.places.set(id, there)
        return { room, place: there }
      }
    }
  }

  #opened(): Room {
    if (this.#room !== undefined) return this.#room
    const room: Room = { worker: this.#components.startWorker(), places: new Map() }
    this.#room = room
    void room.worker.gone.then(() => this.#lost(room))
    return room
  }

  /** Its indexes went with the thread: the next search opens them again. */
  #lost(room: Room): void {
    for (const { cancelIdle } of room.places.values()) cancelIdle()
    if (this.#room === room) this.#room = undefined
  }

  #place({ worker }: Room, space: SearchedSpace): Place {
    const { clock, logger, snapshots, embedder } = this.#components
    const embedded = createEmbeddedChanges({ clock, logger, embedder })
    const index = new IndexedSpace({ clock, logger, snapshots, worker, embedded }, space)
    return { index, users: 0, cancelIdle: () => undefined, closing: undefined }
  }

  /** `undefined`: there is room. Else what to wait for. */
  #makeRoom(room: Room): Promise<void> | undefined {
    if (room.places.size < LIMITS.searchSpaces.value) return undefined
    for (const [id, { users }] of room.places) {
      if (users === 0) return this.#leave(room, id)
    }
    throw new LumosError('SEARCH_BUSY')
  }

  #leave(room: Room, id: MemoryId): Promise<void> {
    const place = room.places.get(id)
    if (place === undefined) return Promise.resolve()
    place.cancelIdle()
    place.closing ??= this.#close(room, id, place.index)
    return place.closing
  }

  async #close(room: Room, id: MemoryId, index: IndexedSpace): Promise<void> {
    try {
      await index.close()
    } catch (error) {
      // The thread ended meanwhile: what was not saved is read again.
      this.#components.logger.debug('an index was not closed', { space: id, error: String(error) })
    }
    room.places.delete(id)
    if (room.places.size > 0 || this.#room !== room) return
    this.#room = undefined
    await room.worker.stop()
  }
}
