/** Spaces that this node was told to forget: nothing of them stays on its disk, and no offer brings them back. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import { spaceRoot } from '../replica/rows.ts'
import type { Space } from './space.ts'
import type { ForgottenSpace, SpaceShelf } from './space-shelf.ts'
import type { SpaceStore } from './space-store.ts'

export interface ForgottenSpacesComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  /** As whom this node owns spaces. */
  readonly self: AuthorKey
  /** The node's database; asked for when it is used. */
  readonly store: () => Pick<Store, 'iterate' | 'commit'>
  readonly shelf: () => Pick<SpaceShelf, 'forgotten' | 'forget' | 'add' | 'rowsOf'>
}

export interface ForgottenSpaces extends Component {
  /** The one that was forgotten longest ago stands first. */
  readonly all: readonly ForgottenSpace[]
  has(space: MemoryId): boolean
  /**
   * Resolves when it is on disk that the space is forgotten: from then on it is deleted however the process ends.
   *
   * @throws STORE_FULL, STORE_FAILED: unknown whether it is forgotten, until the next commit of `rows`, of which
   *   nothing is; SHUTTING_DOWN
   */
  add(forgotten: ForgottenSpace, rows: Pick<SpaceStore, 'sendAlong'>): Promise<void>
  /**
   * Begins to delete its rows, which nobody writes any more. Of a space of this node itself what it has said
   * stays: numbers and secrets that it gave out once must never be given out again.
   */
  clear(space: Space): void
  /**
   * Resolves when its rows are deleted and it is on disk that this node has the space again.
   *
   * @throws STORE_FULL, STORE_FAILED, SHUTTING_DOWN
   */
  restore(space: Space): Promise<void>
  /** Takes a restored space off the list: others see to it that it is not taken up twice. */
  remove(space: Space): void
}

/** Rows that one commit deletes: other writers of the database wait for no more than this. */
const AT_ONCE = 256

/** A start goes on with what another process was killed at. */
export function createForgottenSpaces(components: ForgottenSpacesComponents): ForgottenSpaces {
  const { clock, shelf } = components
  const known = new Map<MemoryId, ForgottenSpace>()
  let stopping: AbortController | undefined
  let clearing: Promise<void> = Promise.resolve()

  /** @throws STORE_FULL, STORE_FAILED, SHUTTING_DOWN */
  async function deleteAll(space: Space): Promise<void> {
    const signal = stopping?.signal
    await clearing
    if (signal === undefined) throw new LumosError('SHUTTING_DOWN')
    await deleteRows(components, space, signal)
    signal.throwIfAborted()
  }

  async function deleteInTurn(space: Space, signal: AbortSignal | undefined): Promise<void> {
    if (signal === undefined || signal.aborted || !known.has(space.id)) return
    await tryToDelete(components, space, signal)
  }

  /** One after the other: nobody waits for it. */
  function clear(space: Space): void {
    const signal = stopping?.signal
    clearing = clearing.then(() => deleteInTurn(space, signal))
  }

  return {
    get all() {
      return [...known.values()]
    },
    has: (space) => known.has(space),
    async start() {
      if (stopping !== undefined) return
      stopping = new AbortController()
      for (const each of await shelf().forgotten()) known.set(each.space.id, each)
      // Most were deleted long ago: then this costs one look each.
      for (const { space } of known.values()) clear(space)
    },
    async stop() {
      stopping?.abort(new LumosError('SHUTTING_DOWN'))
      stopping = undefined
      await clearing
      known.clear()
    },
    async add(forgotten, rows) {
      const most = LIMITS.memorySpacesForgotten.value
      const dropped = [...known.values()].slice(0, Math.max(0, known.size + 1 - most))
      // No later start would look for what is left of them.
      for (const { space } of dropped) await deleteAll(space)
      const ids = dropped.map(({ space }) => space.id)
      try {
        await shelf().forget(forgotten, { at: clock.now(), dropped: ids })
      } catch (error) {
        // What is written from now on must not be lost when it comes to light that it was done.
        rows.sendAlong(shelf().rowsOf(forgotten.space))
        throw error
      }
      for (const id of ids) known.delete(id)
      known.set(forgotten.space.id, forgotten)
    },
    clear,
    async restore(space) {
      await deleteAll(space)
      await shelf().add(space)
    },
    remove: ({ id }) => void known.delete(id)
  }
}

async function tryToDelete(
  components: ForgottenSpacesComponents,
  space: Space,
  signal: AbortSignal
): Promise<void> {
  try {
    await deleteRows(components, space, signal)
  } catch (error) {
    const details = { space: space.name, code: toLumosError(error).code }
    components.logger.warn('a forgotten space is deleted at the next start', details)
  }
}

async function deleteRows(
  { self, store }: ForgottenSpacesComponents,
  { id, owner }: Space,
  signal: AbortSignal
): Promise<void> {
  const root = spaceRoot(id)
  const kept = owner === self ? `${root}s/` : undefined
  // The rows of the search index are large: behind many small ones, a page of them would hold 128 MB.
  for (const prefix of [`${root}index/`, root]) {
    await deleteRange(store(), { prefix, kept, signal })
  }
}

interface Deletion {
  readonly prefix: string
  /** What rows that stay begin with. */
  readonly kept: string | undefined
  readonly signal: AbortSignal
}

/** In one pass: deleted rows stay in the way of whoever begins at the front again. */
async function deleteRange(
  store: Pick<Store, 'iterate' | 'commit'>,
  { prefix, kept, signal }: Deletion
): Promise<void> {
  let operations: Operation[] = []
  for await (const [key] of store.iterate(prefixRange(prefix))) {
    if (signal.aborted) return
    if (kept !== undefined && key.startsWith(kept)) continue
    operations.push({ type: 'del', key })
    if (operations.length < AT_ONCE) continue
    await store.commit(operations, { sync: false })
    operations = []
  }
  if (operations.length > 0) await store.commit(operations, { sync: false })
}
