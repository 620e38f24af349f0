/** Whatever a writer has made of its numbers, comparing replicas leaves others their turns of the event loop. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Secret } from '../../../core/secret.ts'
import { BLOCK_NUMBERS, createDigests, digestOfVector } from '../../../memory/replica/digests.ts'
import { createSigner } from '../../../memory/replica/record-signature.ts'
import { openReplica } from '../../../memory/replica/replica.ts'
import { memoryRows } from '../../../memory/replica/rows.ts'
import { createSecretKeeper } from '../../../memory/spaces/secret-keeper.ts'
import type { SequenceSet } from '../../../memory/replica/sequence-set.ts'
import { sealSecret } from '../../../memory/spaces/space-secrets.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { NOON, SPACE } from '../../support/memory-arbitraries.ts'
import { toySigner, toyVerify } from '../../support/memory-world.ts'
import { seededRandom } from '../../support/random.ts'

const ROWS = memoryRows(SPACE.id)
const WRITER = 'ab'.repeat(16)

/** How many turns others had until `work` was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  const state = { isDone: false, turns: 0 }
  const ended = work.finally(() => (state.isDone = true))
  for (; !state.isDone; state.turns += 1) await turn()
  await ended
  return state.turns
}

/** A writer with one record in each of `count` blocks; all are read in one turn. */
function digestsOf(count: number, first = { id: 'cd'.repeat(16) }) {
  return createDigests({
    rows: ROWS,
    store: {
      async *iterate(range) {
        if (range.gte?.includes('/b/')) return
        for (let block = 0; block < count; block += 1) {
          const id = block === 0 ? first.id : 'cd'.repeat(16)
          const name = { sequence: 1 + block * BLOCK_NUMBERS, id }
          const row = ROWS.log(WRITER, name)
          if (row >= (range.gte ?? '') && row < (range.lt ?? '~')) yield [row, new Uint8Array()]
        }
      }
    }
  })
}

test('a vector full of gaps', async () => {
  const covered: SequenceSet = Array.from({ length: 60 }, (_, at) => [1 + 3 * at, 1 + 3 * at])
  const writers = Array.from({ length: 4000 }, (_, at) => at.toString(16).padStart(32, '0'))
  const vector = new Map(writers.map((writer) => [writer, covered]))
  expect(await turnsDuring(digestOfVector(vector))).toBeGreaterThan(20)
})

test('a writer with a record in each block', async () => {
  const digests = digestsOf(100_000)
  expect(await turnsDuring(digests.writers([WRITER]))).toBeGreaterThan(10)
})

test('saving what is known of that writer', async () => {
  const digests = digestsOf(20_000)
  await digests.prepare([WRITER])
  const batches = Array.from(digests.save(), ({ length }) => length)
  expect(Math.max(...batches)).toBeLessThanOrEqual(4096)
  expect(batches.reduce((sum, length) => sum + length, 0)).toBe(20_000)
  expect([...digests.save()]).toEqual([])
})

test('what changes while all of a writer is summed up is not passed over', async () => {
  const log = { id: 'cd'.repeat(16) }
  const digests = digestsOf(50_000, log)
  await digests.prepare([WRITER])
  digests.touch(WRITER, 1)
  const first = digests.writers([WRITER])
  await turn()
  log.id = 'ef'.repeat(16)
  digests.touch(WRITER, 1)
  await Promise.all([first, digests.blocks(WRITER)])
  const [root] = (await digests.writers([WRITER])).values()
  expect([...(await digestsOf(50_000, log).writers([WRITER])).values()]).toEqual([root])
})

test('an owner who gives away many secrets', async () => {
  const seed = new Secret(new Uint8Array(32).fill(1))
  const { author } = createSigner(seed)
  const random = seededRandom(1)
  const content = new Secret(new Uint8Array(32))
  const statements = Array.from({ length: 100 }, (_, index) => {
    const given = sealSecret({ random }, { space: SPACE.id, author, secret: index + 1 }, content)
    return { ...given, author, number: index + 1, id: String(index), bytes: new Uint8Array() }
  })
  const replica = { space: SPACE, statements }
  const keeper = createSecretKeeper({ random, replica, author, seed })
  const given = keeper.allFor(author)
  expect(await turnsDuring(Promise.resolve(given))).toBeGreaterThan(10)
  expect(await given).toHaveLength(100)
})

test('those who write without end keep nobody from comparing', async () => {
  // A disk takes its time.
  const store = createMemoryStore({ commit: () => turn(undefined) })
  const replica = await openReplica(
    {
      clock: { now: () => NOON },
      random: seededRandom(1),
      store,
      signer: toySigner('me'),
      verify: toyVerify
    },
    { space: SPACE, continueWriter: true }
  )
  const [writers, most] = [64, 20_000]
  const storm = { writes: 0, isOver: false }
  const writing = Array.from({ length: writers }, async (_, at) => {
    for (; !storm.isOver && storm.writes < most; storm.writes += 1) {
      await replica.write({ key: `k${at}`, value: Buffer.from('1') })
    }
  })
  while (storm.writes < 20 * writers) await turn()
  const before = storm.writes
  await replica.sweep()
  expect(storm.writes - before).toBeLessThan(10 * writers)
  storm.isOver = true
  await Promise.all(writing)
})
