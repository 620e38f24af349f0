import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { Embedder } from '../../../../memory/search/embedding.ts'
import { startSearchWorker } from '../../../../memory/search/search-worker.ts'
import { NOON } from '../../../support/memory-arbitraries.ts'
import { searchedNode } from '../../../support/searched-space.ts'

type Action =
  | { readonly put: string; readonly text: string }
  | { readonly delete: string }
  | 'search'
  | 'restart'
  | 'crash'

const KEYS = ['a', 'b', 'c', 'd']
const WORDS = ['apple', 'pear', 'plum']

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ put: fc.constantFrom(...KEYS), text: fc.constantFrom(...WORDS) })
    },
    { weight: 3, arbitrary: fc.record({ delete: fc.constantFrom(...KEYS) }) },
    {
      weight: 3,
      arbitrary: fc.constantFrom('search' as const, 'restart' as const, 'crash' as const)
    }
  ),
  { maxLength: 30 }
)

test('finds what a look at all records finds, after whatever was written, restarted and crashed', async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (taken) => {
      const { node: first, restart, workers } = await searchedNode()
      let node = first
      const all = new Map<string, string>()
      for (const action of taken) {
        if (action === 'search') await node.keysOf('pear')
        else if (action === 'crash') workers.at(-1)?.die()
        else if (action === 'restart') {
          await node.search.stop()
          node = await restart()
        } else if ('put' in action) {
          await node.put(action.put, action.text)
          all.set(action.put, action.text)
        } else {
          await node.drop(action.delete)
          all.delete(action.delete)
        }
      }
      const right = KEYS.filter((key) => all.get(key) === 'apple')
      expect((await node.keysOf('apple')).toSorted()).toEqual(right)
    }),
    { seed: 7, numRuns: 100 }
  )
})

test('a search sees what was written before it, however fast', async () => {
  const { node } = await searchedNode()
  for (let at = 0; at < 20; at += 1) {
    await node.put(`k${at}`, `word${at}x`)
    expect(await node.keysOf(`word${at}x`)).toEqual([`k${at}`])
  }
})

test('searches at the same time read what changed once, and all see what was written', async () => {
  const { node, workers } = await searchedNode()
  await node.put('first', 'apple')
  await node.keysOf('apple')
  await node.put('second', 'apple')
  const before = workers[0]?.tasks.filter((task) => task === 'apply').length ?? 0
  const answers = await Promise.all(Array.from({ length: 10 }, () => node.keysOf('apple')))
  for (const keys of answers) expect(keys).toHaveLength(2)
  expect(workers[0]?.tasks.filter((task) => task === 'apply')).toHaveLength(before + 1)
})

test('a restart goes on from what was saved, and reads only what changed since', async () => {
  const { node, restart, workers } = await searchedNode()
  for (let at = 0; at < 300; at += 1) await node.put(`k/${at}`, `apple ${at}`)
  expect(await node.keysOf('apple')).toHaveLength(300)
  await node.search.stop()
  const later = await restart()
  await later.put('k/new', 'apple pie')
  await later.drop('k/7')
  expect(await later.keysOf('apple')).toHaveLength(300)
  expect(await later.keysOf('pie')).toEqual(['k/new'])
  // 302 records would be read in two batches.
  expect(workers[1]?.tasks.filter((task) => task === 'apply')).toHaveLength(1)
})

test('an index that was spoilt on disk is made anew', async () => {
  const { node, restart, store, workers } = await searchedNode()
  await node.put('k', { text: 'apple', embedding: EAST })
  expect(await node.keysOf('apple')).toEqual(['k'])
  await node.search.stop()
  let spoilt = 0
  for await (const [key, value] of store.iterate({ gte: 'mem/', lt: 'mem0' })) {
    if (!/\/index\/\d\//.test(key)) continue
    value[value.length - 1] = (value.at(-1) ?? 0) ^ 0x40
    await store.commit([{ type: 'put', key, value }], { sync: true })
    spoilt += 1
  }
  expect(spoilt).toBe(1)
  expect(await (await restart()).keysOf('apple')).toEqual(['k'])
  expect(workers[1]?.tasks).toEqual(['open', 'apply', 'find'])
})

test('what was begun and broke off is begun anew: it does not know what was deleted since', async () => {
  const { node, workers } = await searchedNode()
  for (let at = 0; at < 300; at += 1) await node.put(`k/${at}`, 'apple')
  let told = 0
  const watch: typeof node.space.watch = async function* (query, signal) {
    for await (const event of node.space.watch(query, signal)) {
      told += 1
      if (told === 280) throw new Error('the disk')
      yield event
    }
  }
  const space = { ...node.space, watch }
  const query = { text: 'apple', limit: 1000 }
  await expect(node.search.search(space, query)).rejects.toThrow('the disk')
  expect(workers[0]?.tasks).toEqual(['open', 'apply'])
  await node.drop('k/1')
  expect((await node.search.search(space, query)).hits).toHaveLength(299)
  expect(workers[0]?.tasks.slice(2)).toEqual(['open', 'apply', 'apply', 'find'])
})

test('what expires is not found, and its place in the answer goes to another', async () => {
  const { node, clock } = await searchedNode()
  await node.replica.write({ key: 'a', value: Buffer.from('"apple apple"'), expires: NOON + 1000 })
  await node.put('b', 'apple')
  expect(await node.keysOf({ text: 'apple', limit: 1 })).toEqual(['a'])
  clock.at = NOON + 2000
  expect(await node.keysOf({ text: 'apple', limit: 1 })).toEqual(['b'])
})

test('what has expired leaves the index by itself, also one that was saved', async () => {
  const { node, restart, clock, manual, workers } = await searchedNode()
  for (const key of ['a', 'b']) {
    await node.replica.write({ key, value: Buffer.from('"apple"'), expires: NOON + 1000 })
  }
  await node.put('c', 'apple')
  expect(await node.keysOf('apple')).toEqual(['a', 'b', 'c'])
  await node.search.stop()
  clock.at = NOON + 1000
  await manual.advance(NOON + 1000)
  expect(await (await restart()).keysOf('apple')).toEqual(['c'])
  // Nothing was found that had to be forgotten.
  expect(workers[1]?.tasks).toEqual(['open', 'expire', 'find'])
})

test('a thread that ends takes nothing with it', async () => {
  const { node, workers } = await searchedNode()
  await node.put('k', 'apple')
  await node.keysOf('apple')
  workers[0]?.die()
  await Promise.resolve()
  expect(await node.keysOf('apple')).toEqual(['k'])
  expect(workers).toHaveLength(2)
})

test('an index that nobody asks is saved and given back, and its thread with it', async () => {
  const { node, workers, manual } = await searchedNode()
  await node.put('k', 'apple')
  await node.keysOf('apple')
  await manual.advance(LIMITS.searchIdle.value)
  await workers[0]?.gone
  expect(workers[0]?.tasks.slice(-2)).toEqual(['save', 'close'])
  expect(await node.keysOf('apple')).toEqual(['k'])
  await node.search.stop()
  expect(manual.pending).toBe(0)
})

const EAST = [1, 0, 0, 0, 0, 0, 0, 0]
const NORTH = [0, 1, 0, 0, 0, 0, 0, 0]
const EASTISH = [1, 0.2, 0, 0, 0, 0, 0, 0]

test('records are found by the vectors that they carry, as numbers or as base64', async () => {
  const { node } = await searchedNode()
  await node.put('e', { text: 'apple', embedding: EAST })
  const north = Buffer.from(Float32Array.from(NORTH).buffer).toString('base64')
  await node.put('n', { text: 'pear', embedding: north })
  await node.put('none', { text: 'plum' })
  expect(await node.keysOf({ vector: EASTISH })).toEqual(['e', 'n'])
  expect(await node.keysOf({ vector: NORTH, limit: 1 })).toEqual(['n'])
  expect(await node.keysOf({ vector: [1, 2] })).toEqual([])
  await node.put('e', { text: 'apple' })
  expect(await node.keysOf({ vector: EASTISH })).toEqual(['n'])
})

test('both: what words and vector agree upon comes first', async () => {
  const { node } = await searchedNode()
  await node.put('word', { text: 'apple' })
  await node.put('both', { text: 'apple', embedding: EASTISH })
  await node.put('near', { text: 'plum', embedding: EAST })
  const query = { text: 'apple', vector: EAST }
  expect(await node.keysOf(query)).toEqual(['both', 'near', 'word'])
  expect(await node.keysOf({ ...query, mode: 'text' })).not.toContain('near')
  expect(await node.keysOf({ ...query, mode: 'vector' })).not.toContain('word')
})

/** Says of a text whether it is about fruit. */
function createEmbedder() {
  const state = { down: false, asked: 0 }
  const embedder: Embedder = {
    name: 'fruit',
    async embed(texts) {
      state.asked += texts.length
      if (state.down) throw new Error('down')
      return texts.map((text) => (/apple|pear|fruit/.test(text) ? EAST : NORTH))
    }
  }
  return { state, embedder }
}

test('with a maker of vectors, meaning is enough; what it made is kept across restarts', async () => {
  const { embedder, state } = createEmbedder()
  const { node, restart } = await searchedNode({ embedder })
  await node.put('a', 'apple')
  await node.put('s', 'stone')
  expect((await node.keysOf('fruit'))[0]).toBe('a')
  await node.search.stop()
  const asked = state.asked
  expect((await (await restart()).keysOf('fruit'))[0]).toBe('a')
  // The question itself.
  expect(state.asked).toBe(asked + 1)
})

test('while vectors cannot be made words find, and later the vectors are made', async () => {
  const { embedder, state } = createEmbedder()
  const { node } = await searchedNode({ embedder })
  state.down = true
  await node.put('a', 'apple')
  expect(await node.keysOf('apple')).toEqual(['a'])
  expect(await node.keysOf('fruit')).toEqual([])
  state.down = false
  expect(await node.keysOf('fruit')).toEqual(['a'])
})

test.for([
  [{ text: 'apple', limit: 0 }],
  [{ text: 'apple', limit: 1001 }],
  [{ text: 'x'.repeat(5000) }],
  [{ text: 'apple', mode: 'vector' as const }],
  [{ vector: [0, 0, 0] }],
  [{}]
])('a question that has no answer is refused: %j', async ([query]) => {
  const { node } = await searchedNode()
  await expect(node.search.search(node.space, query ?? {})).rejects.toMatchObject({
    code: 'SEARCH_INVALID'
  })
})

test('after the stop nothing is searched', async () => {
  const { node } = await searchedNode()
  await node.search.stop()
  await expect(node.keysOf('apple')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
})

test('records that vanish before their time are no longer found', async () => {
  const { node, workers } = await searchedNode()
  const gone = await node.put('gone', 'apple')
  await node.put('stays', 'apple')
  expect(await node.keysOf('apple')).toHaveLength(2)
  const { writer, sequence, id } = gone
  await node.replica.drop(writer, [{ sequence, id }])
  expect(await node.keysOf({ text: 'apple', limit: 1 })).toEqual(['stays'])
  expect(workers[0]?.tasks.slice(-3)).toEqual(['open', 'apply', 'find'])
})

test('in a thread of its own it is the same', async () => {
  const worker = startSearchWorker()
  const document = { text: 'apple', vector: Float32Array.from(EAST) }
  await worker.ask('open', 's', {})
  await worker.ask('apply', 's', [{ key: 'k', document }])
  const saved = await worker.ask('save', 's', undefined)
  expect(await worker.ask('open', 's', { saved })).toMatchObject({ documents: 1, vectors: 1 })
  const found = await worker.ask('find', 's', { text: 'apple', vector: document.vector, limit: 1 })
  expect(found.map(({ key }) => key)).toEqual(['k'])
  await worker.ask('close', 's', undefined)
  const late = worker.ask('save', 's', undefined)
  await expect(late).rejects.toMatchObject({ code: 'SEARCH_FAILED' })
  await Promise.all([
    expect(worker.ask('save', 's', undefined)).rejects.toMatchObject({ code: 'SEARCH_FAILED' }),
    worker.stop(),
    worker.gone
  ])
})
