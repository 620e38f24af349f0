/** Keeps a node alive on a full disk: it reads on, refuses writes at once, and notices when there is room. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Store } from './store.ts'

export type WritableState =
  | { readonly name: 'writable' }
  | {
      readonly name: 'read-only'
      /** STORE_FULL, STORE_FAILED, or STORE_CORRUPT, which only a restart mends. */
      readonly error: LumosError
      /** Milliseconds since the Unix epoch. */
      readonly since: number
    }

export interface GuardedStoreEvents {
  changed: [state: WritableState]
}

export interface GuardedStore extends Store {
  readonly events: EventEmitter<GuardedStoreEvents>
  readonly state: WritableState
}

/** Failures after which LevelDB refuses every commit. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['STORE_FULL', 'STORE_FAILED', 'STORE_CORRUPT'])

/** `store`, which becomes read-only when a commit fails and is recovered as soon as possible. */
export function createGuardedStore({
  clock,
  store
}: {
  readonly clock: Clock
  readonly store: Store
}): GuardedStore {
  const events = new EventEmitter<GuardedStoreEvents>()
  const stopping = new AbortController()
  let state: WritableState = { name: 'writable' }
  let recovery: Promise<void> | undefined

  function change(next: WritableState): void {
    state = next
    events.emit('changed', next)
  }

  async function recover(): Promise<void> {
    while (await clock.sleep(LIMITS.storeProbe.value, stopping.signal)) {
      try {
        await store.recover()
      } catch (cause) {
        const error = toLumosError(cause)
        if (state.name === 'read-only' && state.error.code !== error.code) {
          change({ ...state, error })
        }
        continue
      }
      recovery = undefined
      change({ name: 'writable' })
      return
    }
  }

  return {
    events,
    get state() {
      return state
    },
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    iterate: (range, options) => store.iterate(range, options),
    async commit(operations, options) {
      if (state.name === 'read-only') throw state.error
      try {
        await store.commit(operations, options)
      } catch (cause) {
        const error = cause instanceof LumosError ? cause : undefined
        if (state.name === 'writable' && error !== undefined && LASTING.has(error.code)) {
          change({ name: 'read-only', error, since: clock.now() })
          // A damaged database would not open again: reading goes on until the node is restarted.
          if (error.code !== 'STORE_CORRUPT') recovery ??= recover()
        }
        throw cause
      }
    },
    recover: () => store.recover(),
    async close() {
      stopping.abort()
      await recovery
      await store.close()
    }
  }
}
