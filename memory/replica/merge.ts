/** How replicas agree on a key: the greater record wins, whoever has seen what in which order. */
import type { Genesis } from '../spaces/space.ts'
import type { MemoryRecord } from './record.ts'
import { compareRecords, NO_PREVIOUS, previousOf } from './record.ts'

/** The one of two records of a key that stays. */
export function mergeRecords(a: MemoryRecord, b: MemoryRecord): MemoryRecord {
  return compareRecords(a, b) >= 0 ? a : b
}

/**
 * Whether `loser` was perhaps overwritten by somebody who had not seen it. Certain only when no
 * third record came between them, since those that lost are not kept.
 */
export function isConflict(winner: MemoryRecord, loser: MemoryRecord): boolean {
  return winner.writer !== loser.writer && winner.previous !== previousOf(loser)
}

const HOUR_MS = 3_600_000

export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS)
}

/**
 * From which hour since the epoch on no replica holds `record`; `undefined`: for ever. By the hour,
 * so that replicas whose clocks differ a little seldom differ in what they hold.
 *
 * A record that replaced another is kept as long as a tombstone: were it gone sooner, a replica
 * that never heard of it would bring the other back.
 */
export function removalHour(record: MemoryRecord, { tombstoneMs }: Genesis): number | undefined {
  const { deleted, expires, previous, time } = record
  const covering = time.ms + tombstoneMs
  if (deleted) return Math.ceil(covering / HOUR_MS)
  if (expires === undefined) return undefined
  const gone = expires + HOUR_MS
  return Math.ceil((previous === NO_PREVIOUS ? gone : Math.max(gone, covering)) / HOUR_MS)
}

/** Whether readers see `record`. */
export function isVisible({ deleted, expires }: MemoryRecord, now: number): boolean {
  return !deleted && (expires === undefined || now < expires)
}
