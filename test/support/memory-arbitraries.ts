/** Records for properties: few keys, times and writers, so that they collide as often as they can. */
import * as fc from 'fast-check'
import type { MemoryRecord } from '../../memory/replica/record.ts'
import { encodeRecord, NO_PREVIOUS } from '../../memory/replica/record.ts'
import { sharedSpace } from '../../memory/spaces/space.ts'
import type { WriterName } from '../../memory/replica/writer.ts'
import { writerId } from '../../memory/replica/writer.ts'
import { toySigner } from './memory-world.ts'

export const SPACE = sharedSpace('swarm')

const AUTHORS = ['a', 'b', 'c'].map(toySigner)

export function nameOf(index: number): WriterName {
  return { author: AUTHORS[index]?.author ?? '', nonce: `0${index}`.repeat(16) }
}

/** When everything happens. */
export const NOON = 1_790_000_000_000

/** Sequence numbers are used twice here and there: two records of one number both count. */
export const someRecord: fc.Arbitrary<MemoryRecord> = fc
  .record({
    by: fc.nat(2),
    sequence: fc.integer({ min: 1, max: 4 }),
    ms: fc.nat(2),
    counter: fc.nat(1),
    key: fc.constantFrom('x', 'y'),
    content: fc.constantFrom('', '1', '2'),
    deleted: fc.boolean(),
    previous: fc.constantFrom(NO_PREVIOUS, '11'.repeat(8))
  })
  .map(({ by, ms, counter, content, deleted, ...rest }) =>
    encodeRecord(
      {
        ...rest,
        space: SPACE.id,
        writer: writerId(SPACE.id, nameOf(by)),
        time: { ms: NOON + ms, counter },
        value: Buffer.from(deleted ? '' : content),
        deleted,
        sealed: false
      },
      (message) => toySigner(AUTHORS[by]?.author ?? '').sign(message)
    )
  )
