/** Facts: JSON in and out of records, whoever wrote them. */
import { expect, test } from 'vitest'
import type { FactEvent } from '../../../core/memory.ts'
import { createMemory } from '../../../memory/facts.ts'
import type { MemoryComponents } from '../../../memory/facts.ts'
import { decodeValue, encodeValue } from '../../../memory/json-value.ts'
import type { SearchQuery } from '../../../memory/search/search.ts'
import type { MemoryEntry, MemorySpace, WatchEvent } from '../../../memory/shared-memory.ts'
import { keyOfPeer, peerOfKey } from '../../../trust/author-key.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NOON } from '../../support/memory-arbitraries.ts'
import { testReplica } from '../../support/memory-replica.ts'
import { seededRandom } from '../../support/random.ts'
import { replicaSpace, WITHOUT_EXTRAS } from '../../support/replica-space.ts'

const PEER = '12D3KooWEQQFCiJXcG5VXF2gQRu6S9L2JD5QAPacYeCANnRJindq'

async function setup(overrides: Partial<MemorySpace> = {}, extras: Partial<MemoryComponents> = {}) {
  const { replica } = await testReplica()
  const entries = { ...replicaSpace(replica), ...overrides }
  const ended = new AbortController()
  const memory = createMemory(
    {
      clock: new ManualClock(),
      random: seededRandom(1),
      spaces: { space: () => entries },
      ...WITHOUT_EXTRAS,
      ...extras
    },
    { author: keyOfPeer(PEER), signal: ended.signal }
  )
  return { entries, ended, memory, space: memory.space(), writer: replica.writer.author }
}

test('what is put is what is read, with who wrote it and when', async () => {
  const { space, writer } = await setup()
  const fact = await space.put('city', { name: 'Rome', sights: [1, null, 'Forum'], open: true })
  expect(fact).toEqual({
    key: 'city',
    value: { name: 'Rome', sights: [1, null, 'Forum'], open: true },
    writer: peerOfKey(writer),
    hlc: expect.stringMatching(/^2026-09-21T\d\d:\d\d:\d\d\.000Z-0000$/)
  })
  expect(await space.get('city')).toEqual(fact)
  expect(await Array.fromAsync(space.list({ prefix: 'ci' }))).toEqual([fact])
  await space.delete('city')
  expect(await space.get('city')).toBeUndefined()
})

test('hybrid times sort as text', async () => {
  const { space } = await setup()
  const times = []
  for (let index = 0; index < 20; index += 1) times.push((await space.put('k', index)).hlc)
  expect(times).toEqual(times.toSorted())
  expect(new Set(times).size).toBe(20)
})

test.for([undefined, Number.NaN, 1n, new Date(0), () => 1, [undefined], new Map()])(
  'what is no JSON is not written: %s',
  async (value) => {
    const { space } = await setup()
    // @ts-expect-error -- what a program without types may do
    await expect(space.put('k', value)).rejects.toThrow(TypeError)
    expect(await space.get('k')).toBeUndefined()
  }
)

test.for(['', 'a\nb', 'x'.repeat(513), '\ud800'])(
  'what is no key is not written: %j',
  async (key) => {
    const { space } = await setup()
    await expect(space.put(key, 1)).rejects.toThrow(TypeError)
    await expect(space.delete(key)).rejects.toThrow(TypeError)
  }
)

test('a value is as large as its space takes, as JSON', async () => {
  const { space } = await setup()
  await space.put('k', 'x'.repeat(32_766))
  await expect(space.put('k', 'x'.repeat(32_767))).rejects.toMatchObject({
    code: 'VALUE_TOO_LARGE',
    details: { key: 'k', bytes: 32_769, limit: 32_768, space: 'shared' }
  })
})

test('what another program wrote as bytes is a string', async () => {
  const { space, entries } = await setup()
  await entries.put('k', Buffer.from('{no json'))
  expect((await space.get('k'))?.value).toBe('{no json')
})

test('a value so deep that printing it would break the reader is a string', () => {
  const deep = '['.repeat(16_000) + ']'.repeat(16_000)
  expect(decodeValue(Buffer.from(deep))).toBe(deep)
  const fits = '['.repeat(64) + ']'.repeat(64)
  expect(Buffer.from(encodeValue(decodeValue(Buffer.from(fits)))).toString()).toBe(fits)
  expect(() => encodeValue([decodeValue(Buffer.from(fits))])).toThrow(TypeError)
})

test('a PeerId and its key are two spellings of one thing', () => {
  expect(peerOfKey(keyOfPeer(PEER))).toBe(PEER)
  expect(() => keyOfPeer('QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N')).toThrow(TypeError)
})

test('the corner of a node is named after its key', async () => {
  const { space } = await setup()
  expect(space.corner).toBe(`~${keyOfPeer(PEER)}/`)
})

test('watching tells facts, and goes on behind the position of an event', async () => {
  const position = { lsn: 7, epoch: 1 }
  const asked: unknown[] = []
  const entry: MemoryEntry = {
    key: 'a/b',
    value: Buffer.from('"x"'),
    author: keyOfPeer(PEER),
    writer: '00'.repeat(16),
    time: { ms: NOON, counter: 10 },
    expires: NOON + 1000
  }
  const { space } = await setup({
    async *watch(query) {
      asked.push(query)
      yield* [
        { type: 'put', position, entry },
        { type: 'ready', position },
        { type: 'delete', position, key: 'a/b' },
        { type: 'reset', position }
      ] satisfies WatchEvent[]
    }
  })
  const events: FactEvent[] = await Array.fromAsync(space.watch({ prefix: 'a/', after: '1-6' }))
  expect(asked).toEqual([{ prefix: 'a/', after: { epoch: 1, lsn: 6 } }])
  expect(events).toEqual([
    {
      type: 'put',
      position: '1-7',
      fact: {
        key: 'a/b',
        value: 'x',
        writer: PEER,
        hlc: '2026-09-21T14:13:20.000Z-000a',
        expiresAt: '2026-09-21T14:13:21.000Z'
      }
    },
    { type: 'ready', position: '1-7' },
    { type: 'delete', position: '1-7', key: 'a/b' },
    { type: 'reset', position: '1-7' }
  ])
  await expect(Array.fromAsync(space.watch({ after: 'yesterday' }))).rejects.toThrow(TypeError)
})

test('a watch ends with the loop’s own signal, and with that of all watches', async () => {
  const signals: AbortSignal[] = []
  const { space, ended } = await setup({
    async *watch(_, signal) {
      if (signal !== undefined) signals.push(signal)
      yield* []
    }
  })
  const own = new AbortController()
  await Array.fromAsync(space.watch({}, own.signal))
  await Array.fromAsync(space.watch())
  own.abort()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  ended.abort()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
})

test('what is found are facts', async () => {
  const asked: SearchQuery[] = []
  const { space } = await setup(undefined, {
    search: {
      async search(where, query) {
        asked.push(query)
        const entry = await where.get('city')
        return { hits: entry ? [{ entry, score: 2 }] : [], complete: true }
      }
    }
  })
  const fact = await space.put('city', 'Rome')
  const answer = { hits: [{ fact, score: 2 }], complete: true }
  expect(await space.search('rome')).toEqual(answer)
  expect(await space.search({ vector: [1, 2], limit: 3 })).toEqual(answer)
  expect(asked).toEqual([{ text: 'rome' }, { vector: [1, 2], limit: 3 }])
})

test('large content is put into a value by name', async () => {
  const hash = 'ab'.repeat(32)
  const { memory } = await setup(undefined, {
    blobs: {
      put: async () => ({ hash, size: 3 }),
      async *get(wanted) {
        yield Buffer.from(wanted === hash ? 'yes' : 'no')
      }
    }
  })
  const name = await memory.blobs.put(Buffer.from('yes'))
  expect(name).toEqual({ $blob: { hash, size: 3 } })
  expect(await Array.fromAsync(memory.blobs.get(name))).toEqual([Buffer.from('yes')])
  expect(() => memory.blobs.get({ $blob: 'elsewhere' })).toThrow(TypeError)
})
