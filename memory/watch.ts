/** What is in a space and then what changes, read from the change feed: a slow watcher holds nothing up. */
import type { EventEmitter } from 'node:events'
import { isVisible } from './replica/merge.ts'
import type { MemoryRecord } from './replica/record.ts'
import type { Replica, ReplicaEvents } from './replica/replica.ts'
import type { MemoryEntry, Position, WatchEvent, WatchQuery } from './shared-memory.ts'

export interface WatchComponents {
  readonly clock: { now(): number }
  readonly replica: Pick<Replica, 'entries' | 'changes' | 'epoch' | 'lsn'> & {
    readonly events: EventEmitter<ReplicaEvents>
  }
  readonly entryOf: (record: MemoryRecord) => MemoryEntry
}

/**
 * Nothing is queued: the feed holds the last change of each key, and is read as fast as the watcher
 * takes it. Ends without an error when `signal` aborts.
 */
export async function* watchSpace(
  components: WatchComponents,
  { prefix = '', after }: WatchQuery,
  signal: AbortSignal
): AsyncGenerator<WatchEvent> {
  const { replica } = components
  const bell = createBell(replica.events, signal)
  try {
    let position = after
    let isReady = false
    // Of another disk. Later it says nothing: changes are seen here a moment before `lsn` counts them.
    let isForeign = after !== undefined && after.lsn > replica.lsn
    while (!signal.aborted) {
      if (position === undefined || isForeign || position.epoch !== replica.epoch) {
        if (position !== undefined) yield { type: 'reset', position: positionOf(replica) }
        isForeign = false
        position = yield* snapshot(components, prefix)
        isReady = true
      }
      for await (const { lsn, key, record } of replica.changes(position.lsn)) {
        position = { lsn, epoch: position.epoch }
        if (key.startsWith(prefix)) yield eventOf(components, { key, record, position })
        if (signal.aborted) return
      }
      if (!isReady) yield { type: 'ready', position }
      isReady = true
      await bell.rung()
    }
  } finally {
    bell.remove()
  }
}

/** What changes while it is read is told afterwards, perhaps once more. */
async function* snapshot(
  { replica, entryOf }: WatchComponents,
  prefix: string
): AsyncGenerator<WatchEvent, Position> {
  const position = positionOf(replica)
  for await (const record of replica.entries({ prefix })) {
    yield { type: 'put', position, entry: entryOf(record) }
  }
  yield { type: 'ready', position }
  return position
}

interface Changed {
  readonly key: string
  readonly record: MemoryRecord | undefined
  readonly position: Position
}

function eventOf(
  { clock, entryOf }: WatchComponents,
  { key, record, position }: Changed
): WatchEvent {
  if (record === undefined || !isVisible(record, clock.now())) {
    return { type: 'delete', position, key }
  }
  return { type: 'put', position, entry: entryOf(record) }
}

function positionOf({ lsn, epoch }: Pick<Replica, 'lsn' | 'epoch'>): Position {
  return { lsn, epoch }
}

interface Bell {
  /** Resolves when something has changed since the last time, or the watch is over. */
  rung(): Promise<void>
  remove(): void
}

function createBell(events: EventEmitter<ReplicaEvents>, signal: AbortSignal): Bell {
  let ring = Promise.withResolvers<void>()
  const onChange = (): void => ring.resolve()
  events.on('changed', onChange)
  events.on('admitted', onChange)
  signal.addEventListener('abort', onChange)
  return {
    async rung() {
      await ring.promise
      ring = Promise.withResolvers()
      if (signal.aborted) ring.resolve()
    },
    remove() {
      events.off('changed', onChange)
      events.off('admitted', onChange)
      signal.removeEventListener('abort', onChange)
    }
  }
}
