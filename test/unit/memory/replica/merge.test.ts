/** The algebra that makes replicas equal: the order of arrival, repeats and detours do not matter. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createChangeset } from '../../../../memory/replica/changeset.ts'
import {
  hourOf,
  isConflict,
  isVisible,
  mergeRecords,
  removalHour
} from '../../../../memory/replica/merge.ts'
import type { MemoryRecord } from '../../../../memory/replica/record.ts'
import { compareRecords, NO_PREVIOUS, previousOf } from '../../../../memory/replica/record.ts'
import { memoryRows } from '../../../../memory/replica/rows.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import { nameOf, someRecord, SPACE } from '../../../support/memory-arbitraries.ts'

const sameKey = someRecord.filter(({ key }) => key === 'x')

describe('merging two records of a key', () => {
  test('is commutative, associative, idempotent and monotone', () => {
    fc.assert(
      fc.property(sameKey, sameKey, sameKey, (a, b, c) => {
        expect(mergeRecords(a, b).id).toBe(mergeRecords(b, a).id)
        expect(mergeRecords(mergeRecords(a, b), c).id).toBe(mergeRecords(a, mergeRecords(b, c)).id)
        expect(mergeRecords(a, a).id).toBe(a.id)
        expect(compareRecords(mergeRecords(a, b), a)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 500 }
    )
  })

  test('follows an order that is total', () => {
    fc.assert(
      fc.property(sameKey, sameKey, sameKey, (a, b, c) => {
        expect(Math.sign(compareRecords(a, b)) + Math.sign(compareRecords(b, a))).toBe(0)
        expect(compareRecords(a, b) === 0).toBe(a.id === b.id)
        const [low, mid, high] = [a, b, c].toSorted(compareRecords)
        if (low && mid && high) expect(compareRecords(low, high)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 500 }
    )
  })
})

/** The rows that a replica writes when `records` come in this order. */
function rowsOf(records: readonly MemoryRecord[]): string[] {
  const rows = memoryRows(SPACE.id)
  const changes = createChangeset({
    space: SPACE,
    rows,
    entries: new Map(),
    usage: new Map(),
    lsn: 0,
    winners: new Map()
  })
  for (const record of records) {
    const by = [0, 1, 2].find((index) => writerId(SPACE.id, nameOf(index)) === record.writer) ?? 0
    changes.put(nameOf(by), record)
  }
  return changes
    .outcome()
    .operations.filter(({ type, key }) => type === 'put' && /\/[lw]\//.test(key))
    .map(
      (operation) =>
        `${operation.key} ${operation.type === 'put' && Buffer.from(operation.value).toString('hex')}`
    )
    .toSorted()
}

test('a replica ends the same whatever the order, and however often records come', () => {
  fc.assert(
    fc.property(
      fc
        .array(someRecord, { maxLength: 8 })
        .chain((records) =>
          fc.tuple(
            fc.constant(records),
            fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 })
          )
        ),
      ([records, again]) => {
        expect(rowsOf(again)).toEqual(rowsOf(records))
        expect(rowsOf([...records, ...again])).toEqual(rowsOf(records))
      }
    ),
    { numRuns: 300 }
  )
})

const HOUR_MS = 3_600_000

function recordLike(changes: Partial<MemoryRecord>): MemoryRecord {
  const [record] = fc.sample(someRecord, { numRuns: 1, seed: 7 })
  if (record === undefined) throw new TypeError('no sample')
  return { ...record, deleted: false, previous: NO_PREVIOUS, ...changes }
}

describe('what has had its time', () => {
  const time = { ms: 100 * HOUR_MS, counter: 0 }
  const expires = time.ms + 5 * HOUR_MS
  const space = { ...SPACE, tombstoneMs: 30 * HOUR_MS }

  test.for([
    ['a lasting record stays', {}, undefined],
    ['a tombstone goes when it is old', { deleted: true }, 130],
    ['one that expires goes an hour later', { expires }, 106],
    ['unless it replaced another: then it covers that', { expires, previous: '11'.repeat(8) }, 130],
    ['in the first full hour', { expires: expires + 1 }, 107]
  ] as const)('%s', ([, changes, hour]) => {
    expect(removalHour(recordLike({ time, ...changes }), space)).toBe(hour)
  })

  test('is not seen any more from the moment it expires', () => {
    expect(isVisible(recordLike({ expires }), expires - 1)).toBe(true)
    expect(isVisible(recordLike({ expires }), expires)).toBe(false)
    expect(isVisible(recordLike({ deleted: true }), 0)).toBe(false)
    expect(hourOf(expires)).toBe(105)
  })
})

describe('a conflict', () => {
  const loser = recordLike({ writer: '01'.repeat(16) })
  const winner = recordLike({ writer: '02'.repeat(16), id: '03'.repeat(16) })

  test('is between writers of whom the later one had not seen the earlier', () => {
    expect(isConflict(winner, loser)).toBe(true)
  })

  test('is not where the later one names the earlier, nor within one writer', () => {
    expect(isConflict({ ...winner, previous: previousOf(loser) }, loser)).toBe(false)
    expect(isConflict({ ...winner, writer: loser.writer }, loser)).toBe(false)
  })
})
