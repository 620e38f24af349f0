/** Where a journal keeps its things in the Store. */
import type { KeyRange } from './store.ts'
import { prefixRange } from './store.ts'

export interface JournalKeys {
  /** What the key of every record begins with. */
  readonly records: string
  readonly checkpoint: string
  /** A key that is written to learn whether writing works. */
  readonly probe: string
  record(sequence: number): string
  sequenceOf(recordKey: string): number
  recordsAfter(sequence: number): KeyRange
  /** Bears the previous hash of a record after a break that was reported. */
  mark(sequence: number): string
  marksBefore(sequence: number): KeyRange
}

/** Enough for every safe integer, so that keys sort as their numbers do. */
const DIGITS = 16

/** `name` has no slash. */
export function journalKeys(name: string): JournalKeys {
  const root = `journal/${name}/`
  const records = `${root}r/`
  const marks = `${root}b/`
  return {
    records,
    checkpoint: `${root}c`,
    probe: `${root}p`,
    record: (sequence) => records + digits(sequence),
    sequenceOf: (key) => Number(key.slice(records.length)),
    recordsAfter: (sequence) => {
      const { gte: _, ...end } = prefixRange(records)
      return { ...end, gt: records + digits(sequence) }
    },
    mark: (sequence) => marks + digits(sequence),
    marksBefore: (sequence) => ({ gte: marks, lt: marks + digits(sequence) })
  }
}

function digits(sequence: number): string {
  return String(sequence).padStart(DIGITS, '0')
}
