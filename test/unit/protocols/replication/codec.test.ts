/** The bytes of repair: what is written is read again, and nothing else is. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import * as codec from '../../../../protocols/replication/codec.ts'
import type { Layout } from '../../../../protocols/replication/codec.ts'
import { REFUSALS } from '../../../../protocols/replication/schema.ts'
import type { WireRange } from '../../../../protocols/replication/schema.ts'

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((raw) => Buffer.from(raw).toString('hex'))
const number = fc.integer({ min: 1, max: 2 ** 48 - 1 })
const bytes = fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw))
const ids = hex(16)

const ranges = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { maxLength: 20 }).map((all) => {
  const sorted = all.toSorted((a, b) => a - b)
  const found: WireRange[] = []
  for (const one of sorted) {
    if (one > (found.at(-1)?.[1] ?? -1) + 1) found.push([one, one])
  }
  return found
})

const LAYOUTS = {
  summary: [
    codec.summary,
    fc.record({ root: ids, statements: ids, vector: ids, stale: fc.boolean() })
  ],
  statements: [codec.statements, fc.array(bytes, { maxLength: 5 })],
  vector: [
    codec.vector,
    fc.array(fc.tuple(ids, ranges), { maxLength: 5 }).map((all) => new Map(all))
  ],
  batch: [
    codec.batch,
    fc.record(
      {
        writer: fc.record({ author: hex(32), nonce: hex(16) }),
        records: fc.array(bytes, { maxLength: 5 }),
        complete: fc
          .tuple(number, number)
          .map(([a, b]): WireRange => [Math.min(a, b), Math.max(a, b)])
      },
      { requiredKeys: ['writer', 'records'] }
    )
  ],
  receipt: [
    codec.receipt,
    fc.record({
      applied: fc.integer({ min: 0, max: 256 }),
      repeated: fc.integer({ min: 0, max: 256 }),
      refused: fc.array(fc.record({ sequence: number, reason: fc.constantFrom(...REFUSALS) }), {
        maxLength: 5
      })
    })
  ],
  writers: [
    codec.writers,
    fc.array(fc.tuple(ids, ids), { maxLength: 5 }).map((all) => new Map(all))
  ],
  blocks: [
    codec.blocks,
    fc.array(fc.tuple(number, ids), { maxLength: 5 }).map((all) => new Map(all))
  ],
  names: [codec.names, fc.array(fc.record({ sequence: number, id: ids }), { maxLength: 5 })]
} as const

interface Case {
  readonly name: string
  readonly layout: Layout<unknown>
  readonly values: fc.Arbitrary<unknown>
}

const CASES = Object.entries(LAYOUTS).map(([name, [layout, values]]): Case => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each layout stands beside its own values
  return { name, layout: layout as Layout<unknown>, values }
})

test.for(CASES)('$name is read as it was written', ({ layout, values }) => {
  fc.assert(
    fc.property(values, (value) => {
      expect(codec.decode(layout, codec.encode(layout, value))).toEqual(value)
    }),
    { numRuns: 100 }
  )
})

test.for(CASES)(
  'of $name with a byte changed, cut off or added, none is read as two things',
  ({ layout, values }) => {
    const harm = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.nat(3), more: fc.nat(3) })
    fc.assert(
      fc.property(values, harm, (value, { at, to, cut, more }) => {
        const whole = codec.encode(layout, value)
        const damaged = Buffer.concat([whole.subarray(0, whole.length - cut), Buffer.alloc(more)])
        if (damaged.length > 0) damaged[at % damaged.length] = to
        let read
        try {
          read = codec.decode(layout, damaged)
        } catch (error) {
          expect(error).toMatchObject({ code: 'REPAIR_REFUSED' })
          return
        }
        // Maps forget that a name was said twice: then fewer bytes come back, and never others.
        const again = Buffer.from(codec.encode(layout, read))
        if (again.length === damaged.length) expect(again.toSorted()).toEqual(damaged.toSorted())
      }),
      { numRuns: 300 }
    )
  }
)

test.for([
  ['too many writers', codec.vector, u16(LIMITS.memoryWriters.value + 1)],
  ['too many records', codec.batch, Buffer.concat([Buffer.alloc(49), u16(257)])],
  ['too many statements', codec.statements, u16(LIMITS.memoryStatements.value + 1)],
  [
    'a statement that is too long',
    codec.statements,
    Buffer.concat([u16(1), u16(2049), Buffer.alloc(2049)])
  ],
  ['too many names', codec.names, u16(LIMITS.memoryNames.value + 1)]
] as const)('%s are refused before they are read', ([, layout, message]) => {
  expect(() => codec.decode<unknown>(layout, message)).toThrow(
    expect.objectContaining({ code: 'REPAIR_REFUSED' })
  )
})

test.for([
  ['backwards', [9, 8]],
  ['from nothing', [0, 5]],
  ['touching', [1, 4, 5, 9]],
  ['out of order', [7, 9, 1, 2]]
] as const)('ranges of numbers that are %s are refused', ([, numbers]) => {
  const body = Buffer.concat([
    u16(1),
    Buffer.alloc(16),
    u16(numbers.length / 2),
    ...numbers.map((value) => Buffer.from(value.toString(16).padStart(12, '0'), 'hex'))
  ])
  expect(() => codec.decode(codec.vector, body)).toThrow(
    expect.objectContaining({ code: 'REPAIR_REFUSED' })
  )
})

function u16(value: number): Buffer {
  return Buffer.from(value.toString(16).padStart(4, '0'), 'hex')
}

test('however many blocks a writer has, what is told of them fits into a message', () => {
  const told = new Map(
    Array.from({ length: LIMITS.memoryBlocks.value + 1 }, (_, block) => [block + 1, '0'.repeat(32)])
  )
  const message = codec.encode(codec.blocks, told)
  expect(message.length).toBeLessThanOrEqual(LIMITS.messageBytes.value)
  expect(codec.decode(codec.blocks, message).size).toBe(LIMITS.memoryBlocks.value)
})
