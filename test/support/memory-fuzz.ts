/** Properties of everything in shared memory that reads a peer's bytes, run a little or a lot. */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { LumosError } from '../../core/errors.ts'
import { decodeRecord, encodeRecord, signatureOf, signedPart } from '../../memory/replica/record.ts'
import { openReplica } from '../../memory/replica/replica.ts'
import { createSpace, decodeSpace, DEFAULT_QUOTAS } from '../../memory/spaces/space.ts'
import { createStatement, decodeStatement } from '../../memory/spaces/statement.ts'
import type { StatementBody } from '../../memory/spaces/statement.ts'
import { writerId } from '../../memory/replica/writer.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import { nameOf, NOON, someRecord, SPACE } from './memory-arbitraries.ts'
import { toySigner, toyVerify } from './memory-world.ts'
import { seededRandom } from './random.ts'

const OWNER = toySigner('owner')

const genesis = createSpace(
  {
    ...DEFAULT_QUOTAS,
    mode: 'members',
    sealed: false,
    owner: OWNER.author,
    nonce: '0f'.repeat(16),
    name: 'plans'
  },
  OWNER
)

const STATEMENTS = (
  [
    { kind: 'grant', number: 1, author: OWNER.author, role: 'write', prefix: 'a/', notAfter: 9 },
    {
      kind: 'revocation',
      number: 2,
      author: OWNER.author,
      endsGrants: true,
      cuts: [{ writer: 'aa'.repeat(16), sequence: 3 }]
    },
    { kind: 'secret', number: 3, author: OWNER.author, secret: 1, envelope: Buffer.alloc(80, 1) }
  ] satisfies StatementBody[]
).map((body) => createStatement(genesis.id, body, OWNER).bytes)

/** Byte changes: set, remove or repeat somewhere. */
const mutation = fc.record({
  kind: fc.constantFrom('set', 'flip', 'remove', 'repeat'),
  at: fc.nat(400),
  value: fc.nat(255)
})

function mutated(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changed = fc
    .tuple(bytes, fc.array(mutation, { maxLength: 3 }))
    .map(([original, mutations]) => {
      const copy = [...original]
      for (const { kind, at, value } of mutations) {
        const place = copy.length === 0 ? 0 : at % copy.length
        if (kind === 'set') copy[place] = value
        else if (kind === 'flip') copy[place] = (copy[place] ?? 0) ^ (1 << (value & 7))
        else if (kind === 'remove') copy.splice(place, 1 + (value % 8))
        else copy.splice(place, 0, ...copy.slice(place, place + 1 + (value % 16)))
      }
      return Uint8Array.from(copy)
    })
  return fc.oneof({ weight: 5, arbitrary: changed }, fc.uint8Array({ maxLength: 300 }))
}

/** What a decoder makes of bytes: something, or an error of ours. */
async function decoded<T>(decode: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await decode()
  } catch (error) {
    expect(error).toBeInstanceOf(LumosError)
    expect(['RECORD_INVALID', 'SPACE_INVALID']).toContain((error as LumosError).code)
    return undefined
  }
}

const recordBytes = mutated(someRecord.map(({ bytes }) => bytes))

/** Every record that is taken is, encoded again, the same bytes. */
export async function fuzzRecords(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(recordBytes, async (bytes) => {
      const record = await decoded(() => decodeRecord(bytes))
      if (record === undefined) return
      const again = encodeRecord(record, () => signatureOf(bytes))
      expect(Buffer.from(again.bytes).equals(bytes)).toBe(true)
      expect(again.id).toBe(record.id)
    }),
    { numRuns }
  )
}

/** Every genesis and statement that is taken is the one that its owner signed. */
export async function fuzzDocuments(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      mutated(fc.constantFrom(genesis.bytes, SPACE.bytes)),
      mutated(fc.constantFrom(...STATEMENTS)),
      async (space, statement) => {
        const found = await decoded(() => decodeSpace(space, toyVerify))
        const originals = [genesis.bytes, SPACE.bytes]
        if (found?.owner !== undefined) expect(isOneOf(space, originals)).toBe(true)
        const said = await decoded(() => decodeStatement(genesis, statement, toyVerify))
        if (said !== undefined) expect(isOneOf(statement, STATEMENTS)).toBe(true)
      }
    ),
    { numRuns }
  )
}

/** Whatever a batch holds, a replica takes it or refuses it whole, and holds only what was signed. */
export async function fuzzBatches(numRuns: number): Promise<void> {
  const replica = await openReplica(
    {
      clock: { now: () => NOON },
      random: seededRandom(1),
      store: createMemoryStore(),
      signer: toySigner('me'),
      verify: toyVerify
    },
    { space: SPACE, continueWriter: true }
  )
  const claim = fc.tuple(fc.nat(6), fc.nat(6))
  await fc.assert(
    fc.asyncProperty(
      fc.array(recordBytes, { maxLength: 4 }),
      fc.nat(2),
      fc.option(claim),
      async (records, by, complete) => {
        const batch = { writer: nameOf(by), records, ...(complete && { complete }) }
        const receipt = await decoded(() => replica.receive(batch))
        if (receipt !== undefined) expect(receipt.refused).toEqual([])
      }
    ),
    { numRuns }
  )
  for await (const { bytes, writer } of replica.entries({})) {
    const by = [0, 1, 2].find((index) => writerId(SPACE.id, nameOf(index)) === writer)
    const { author } = nameOf(by ?? -1)
    expect(await toyVerify(author, signedPart(bytes), signatureOf(bytes))).toBe(true)
  }
}

function isOneOf(bytes: Uint8Array, originals: readonly Uint8Array[]): boolean {
  return originals.some((original) => Buffer.from(original).equals(bytes))
}
