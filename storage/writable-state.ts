/** Keeps a node alive on a bad disk: it reads on, refuses writes at once, and notices when there is room. */
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

interface GuardedStoreComponents {
  readonly clock: Clock
  readonly store: Store
}

/**
 * `store`, which becomes read-only when a commit fails and is recovered as soon as possible; and for
 * good when anything turns out to be damaged: who cannot read all promises must make no new ones.
 */
export function createGuardedStore(components: GuardedStoreComponents): GuardedStore {
  const { store } = components
  const health = createHealth(components)

  async function reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      throw health.noticed(cause)
    }
  }

  return {
    events: health.events,
    get state() {
      return health.state()
    },
    get: (key) => reading(() => store.get(key)),
    getMany: (keys) => reading(() => store.getMany(keys)),
    async *iterate(range, options) {
      try {
        yield* store.iterate(range, options)
      } catch (cause) {
        throw health.noticed(cause)
      }
    },
    async commit(operations, options) {
      const state = health.state()
      if (state.name === 'read-only') throw state.error
      try {
        await store.commit(operations, options)
      } catch (cause) {
        throw health.failed(cause)
      }
    },
    recover: () => store.recover(),
    async close() {
      await health.stop()
      await store.close()
    }
  }
}

interface Health {
  readonly events: EventEmitter<GuardedStoreEvents>
  state(): WritableState
  /** Something did not work: keeps in mind the damage that `cause` may tell of, and returns `cause`. */
  noticed(cause: unknown): unknown
  /** A commit did not: begins to recover, if there is hope. */
  failed(cause: unknown): unknown
  stop(): Promise<void>
}

function createHealth({ clock, store }: GuardedStoreComponents): Health {
  const events = new EventEmitter<GuardedStoreEvents>()
  const stopping = new AbortController()
  let state: WritableState = { name: 'writable' }
  let recovery: Promise<void> | undefined

  function change(next: WritableState): void {
    state = next
    events.emit('changed', next)
  }

  function refuse(error: LumosError): void {
    if (state.name === 'read-only' && state.error.code === error.code) return
    change({
      name: 'read-only',
      error,
      since: state.name === 'writable' ? clock.now() : state.since
    })
  }

  const isDamaged = (): boolean =>
    state.name === 'read-only' && state.error.code === 'STORE_CORRUPT'

  async function recover(): Promise<void> {
    while ((await clock.sleep(LIMITS.storeProbe.value, stopping.signal)) && !isDamaged()) {
      try {
        await store.recover()
      } catch (cause) {
        refuse(toLumosError(cause))
        continue
      }
      recovery = undefined
      if (!isDamaged()) change({ name: 'writable' })
      return
    }
  }

  return {
    events,
    state: () => state,
    noticed(cause) {
      if (isCode(cause, 'STORE_CORRUPT')) refuse(cause)
      return cause
    },
    failed(cause) {
      if (isCode(cause, 'STORE_CORRUPT')) refuse(cause)
      else if (state.name === 'writable' && isCode(cause, 'STORE_FULL', 'STORE_FAILED')) {
        refuse(cause)
        recovery ??= recover()
      }
      return cause
    },
    async stop() {
      stopping.abort()
      await recovery
    }
  }
}

function isCode(error: unknown, ...codes: readonly ErrorCode[]): error is LumosError {
  return error instanceof LumosError && codes.includes(error.code)
}
