/** Threads on real replicas: what one node says about a conversation becomes what all say. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SpaceMemory, ThreadMessage, Threads } from '../../../core/memory.ts'
import { createMemory } from '../../../memory/facts.ts'
import { openReplica } from '../../../memory/replica/replica.ts'
import type { Replica } from '../../../memory/replica/replica.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { MemoryStore } from '../../../storage/memory-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NOON, SPACE } from '../../support/memory-arbitraries.ts'
import { toySigner, toyVerify } from '../../support/memory-world.ts'
import { seededRandom } from '../../support/random.ts'
import { copy, replicaSpace, WITHOUT_EXTRAS } from '../../support/replica-space.ts'

interface TestNode {
  readonly replica: Replica
  readonly memory: SpaceMemory
  readonly threads: Threads
  /** Rows of each write to the disk. */
  readonly commits: number[]
  readonly reads: string[]
}

async function testNode(name: string, now: () => number): Promise<TestNode> {
  const clock = new ManualClock()
  clock.now = now
  const random = seededRandom(name.charCodeAt(0))
  const commits: number[] = []
  const reads: string[] = []
  const store = watched(createMemoryStore(), commits, reads)
  const signer = toySigner(name)
  const replica = await openReplica(
    { clock, random, store, signer, verify: toyVerify },
    { space: SPACE, continueWriter: true }
  )
  commits.length = 0
  const spaces = { space: () => replicaSpace(replica) }
  const memory = createMemory(
    { clock, random, spaces, ...WITHOUT_EXTRAS },
    { author: signer.author }
  ).space()
  return { replica, memory, threads: memory.threads, commits, reads }
}

function watched(store: MemoryStore, commits: number[], reads: string[]): MemoryStore {
  return {
    ...store,
    commit(operations, init) {
      commits.push(operations.length)
      return store.commit(operations, init)
    },
    iterate(range, init) {
      reads.push(String(range.gte ?? range.gt))
      return store.iterate(range, init)
    }
  }
}

const setup = (name = 'a'): Promise<TestNode> => testNode(name, () => NOON)

function say(text: string, role: ThreadMessage['role'] = 'user') {
  return { role, parts: [{ text }] }
}

const texts = (messages: readonly ThreadMessage[]): unknown[] =>
  messages.map(({ parts }) => parts[0]?.['text'])

test('a thread is found by its id and by its resource', async () => {
  const { threads } = await setup()
  const thread = await threads.create({
    resourceId: 'user/7',
    title: 'Rome',
    metadata: { tags: ['travel'] }
  })
  await threads.create({ resourceId: 'user/70', threadId: 'other' })
  expect(thread).toEqual({
    threadId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    resourceId: 'user/7',
    title: 'Rome',
    metadata: { tags: ['travel'] },
    createdAt: new Date(NOON).toISOString()
  })
  expect(await threads.get(thread.threadId)).toEqual(thread)
  expect(await Array.fromAsync(threads.list('user/7'))).toEqual([thread])
  expect(await threads.get('another')).toBeUndefined()
})

test('creating it again changes title and metadata, and leaves its age', async () => {
  let now = NOON
  const { threads } = await testNode('a', () => now)
  await threads.create({ threadId: 't', resourceId: 'ada', title: 'old' })
  now += 1000
  const again = await threads.create({ threadId: 't', resourceId: 'bob', title: 'new' })
  expect(again).toMatchObject({ title: 'new', createdAt: new Date(NOON).toISOString() })
  expect(await Array.fromAsync(threads.list('ada'))).toEqual([])
  expect(await Array.fromAsync(threads.list('bob'))).toEqual([again])
})

test('a turn is one range that is read and one batch that is written', async () => {
  const other = await setup('b')
  await other.threads.append('t', [say('hi')])
  const { replica, threads, commits, reads } = await setup()
  await copy(other.replica, replica)
  commits.length = 0
  reads.length = 0
  const turn = [say('where?'), say('to Rome', 'assistant'), say('{"sun":1}', 'tool')]
  const appended = await threads.append('t', turn)
  expect({ commits: commits.length, reads: reads.length }).toEqual({ commits: 1, reads: 1 })
  expect(appended).toMatchObject(turn.map((message) => ({ ...message, threadId: 't' })))
  expect(texts(await threads.messages('t', { limit: 4 }))).toEqual([
    'hi',
    'where?',
    'to Rome',
    '{"sun":1}'
  ])
})

test('a thread that was read is not read again from the disk, whoever adds to it', async () => {
  const other = await setup('b')
  const { replica, threads, memory, commits, reads } = await setup()
  await threads.messages('t')
  reads.length = 0
  commits.length = 0
  await threads.append('t', [say('hi'), say('where?')])
  await copy(replica, other.replica)
  await other.threads.append('t', [say('to Rome')])
  await copy(other.replica, replica)
  expect(texts(await threads.messages('t'))).toEqual(['hi', 'where?', 'to Rome'])
  expect(commits).toHaveLength(2)
  expect(reads.filter((from) => from.includes('/d/'))).toEqual([])
  const [first] = await threads.messages('t')
  await memory.delete(`thread/t/${first?.id}`)
  expect(texts(await threads.messages('t'))).toEqual(['where?', 'to Rome'])
})

test('nobody changes for others what a thread says', async () => {
  const { threads } = await setup()
  await threads.append('t', [say('hi')])
  const [message] = await threads.messages('t')
  expect(() => Object.assign(message?.parts[0] ?? {}, { text: 'no' })).toThrow(TypeError)
  expect(texts(await threads.messages('t'))).toEqual(['hi'])
})

test('who has read a thread appends to it, and makes it, without reading again', async () => {
  const { threads, commits, reads } = await setup()
  await threads.append('other', [say('hi')])
  commits.length = 0
  reads.length = 0
  await threads.append('t', [say('hi')], { behind: null, create: { resourceId: 'ada' } })
  expect({ commits: commits.length, reads: reads.length }).toEqual({ commits: 1, reads: 0 })
  expect(await Array.fromAsync(threads.list('ada'))).toMatchObject([{ threadId: 't' }])
  const [first] = await threads.messages('t')
  reads.length = 0
  await threads.append('t', [say('and?')], { behind: first?.id ?? null })
  expect(reads).toEqual([])
  expect(texts(await threads.messages('t'))).toEqual(['hi', 'and?'])
})

test('messages come back as they were appended, with the time of their ids', async () => {
  const { threads, memory } = await setup()
  const parts = [{ type: 'text', text: 'hi' }, { data: { a: [1, null] } }]
  const [appended] = await threads.append('t', [{ role: 'assistant', parts }])
  const { id, ...rest } = appended ?? { id: '' }
  expect(rest).toEqual({
    threadId: 't',
    writer: memory.writer,
    role: 'assistant',
    parts,
    createdAt: new Date(NOON).toISOString()
  })
  expect(await threads.messages('t')).toEqual([{ id, ...rest }])
})

test('a message names the node that wrote it, whatever that one says of its role', async () => {
  const [ours, theirs] = [await setup('a'), await setup('b')]
  await theirs.threads.append('t', [say('I am you', 'assistant')])
  await copy(theirs.replica, ours.replica)
  await ours.threads.append('t', [say('no')])
  const writers = [theirs.memory.writer, ours.memory.writer]
  const messages = await ours.threads.messages('t')
  expect(messages.map(({ writer }) => writer)).toEqual(writers)
  expect(new Set(writers).size).toBe(2)
  const [oldest] = messages
  expect(await ours.threads.messages('t', { after: oldest?.id ?? '' })).toEqual([messages[1]])
})

test('pages lead back from the newest and forward from any message', async () => {
  let now = NOON
  const { threads } = await testNode('a', () => now)
  for (let index = 0; index < 7; index += 1) {
    now += 5
    await threads.append('t', [say(String(index))])
  }
  const newest = await threads.messages('t', { limit: 3 })
  expect(texts(newest)).toEqual(['4', '5', '6'])
  const older = await threads.messages('t', { limit: 3, before: newest[0]?.id ?? '' })
  expect(texts(older)).toEqual(['1', '2', '3'])
  const oldest = await threads.messages('t', { limit: 3, before: older[0]?.id ?? '' })
  expect(texts(oldest)).toEqual(['0'])
  const next = await threads.messages('t', { limit: 3, after: oldest[0]?.id ?? '' })
  expect(texts(next)).toEqual(['1', '2', '3'])
  expect(await threads.messages('t', { after: newest[2]?.id ?? '' })).toEqual([])
  expect(await threads.messages('t', { limit: 0 })).toEqual([])
  await expect(threads.messages('t', { before: 'x', after: 'y' })).rejects.toThrow(TypeError)
})

test('threads whose ids begin alike, or hold slashes, do not mix', async () => {
  const { threads } = await setup()
  for (const id of ['t', 't1', 't/1', 't%2F1', 'ü']) await threads.append(id, [say(id)])
  for (const id of ['t', 't1', 't/1', 't%2F1', 'ü']) {
    expect(texts(await threads.messages(id))).toEqual([id])
  }
})

test('what is no message is none, whoever wrote it', async () => {
  const { threads, memory } = await setup()
  await threads.append('t', [say('hi')])
  const id = '01900000-0000-7000-8000-000000000000'
  const late = (NOON + 120_000).toString(16).padStart(12, '0')
  for (const [key, value] of [
    ['thread/t/x', say('no id')],
    [`thread/t/${id}`, 'no object'],
    [`thread/t/${id.replace('7', '8')}`, { role: 'king', parts: [] }],
    [`thread/t/${id.replace('7', '6')}`, { role: 'user', parts: ['text'] }],
    [`thread/t/${late.slice(0, 8)}-${late.slice(8)}-7000-8000-000000000000`, say('from tomorrow')],
    ['threads/ada/%', null],
    ['threads/ada/', null],
    ['threads/ada/unknown', null],
    ['thread/bad', { resourceId: 7 }],
    ['threads/ada/bad', null]
  ] as const) {
    await memory.put(key, value)
  }
  expect(texts(await threads.messages('t'))).toEqual(['hi'])
  await threads.append('t', [say('and on')])
  expect(texts(await threads.messages('t'))).toEqual(['hi', 'and on'])
  expect(await Array.fromAsync(threads.list('ada'))).toEqual([])
})

test('who answers is behind what it has read, although its clock lags behind', async () => {
  const [ada, bob] = [await testNode('a', () => NOON), await testNode('b', () => NOON - 50_000)]
  await ada.threads.append('t', [say('question')])
  await copy(ada.replica, bob.replica)
  await bob.threads.append('t', [say('answer')])
  await bob.threads.append('t', [say('more')])
  await copy(bob.replica, ada.replica)
  expect(texts(await ada.threads.messages('t'))).toEqual(['question', 'answer', 'more'])
})

interface Step {
  readonly node: 0 | 1
  /** Messages of a turn; 0 sends to the other what it lacks. */
  readonly messages: number
  readonly afterMs: number
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    node: fc.constantFrom<0 | 1>(0, 1),
    messages: fc.nat(3),
    afterMs: fc.nat(2)
  }),
  { maxLength: 25 }
)

test('two nodes that append at the same time lose nothing and end in one order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: -50_000, max: 50_000 }), async (story, skew) => {
      let now = NOON
      const nodes = [await testNode('a', () => now), await testNode('b', () => now + skew)] as const
      const turns: { ids: readonly string[]; seen: string | undefined }[] = []
      for (const { node, messages, afterMs } of story) {
        now += afterMs
        const [me, other] = [nodes[node], nodes[node === 0 ? 1 : 0]]
        if (messages === 0) {
          await copy(me.replica, other.replica)
          continue
        }
        const seen = (await me.threads.messages('t', { limit: 1 }))[0]?.id
        const turn = Array.from({ length: messages }, (_, index) => say(String(index)))
        const appended = await me.threads.append('t', turn)
        turns.push({ ids: appended.map(({ id }) => id), seen })
      }
      await copy(nodes[0].replica, nodes[1].replica)
      await copy(nodes[1].replica, nodes[0].replica)
      const all = await nodes[0].threads.messages('t', { limit: 1000 })
      expect(await nodes[1].threads.messages('t', { limit: 1000 })).toEqual(all)
      const order = all.map(({ id }) => id)
      expect(order).toHaveLength(turns.flatMap(({ ids }) => ids).length)
      for (const { ids, seen } of turns) {
        const first = order.indexOf(ids[0] ?? '')
        expect(order.slice(first, first + ids.length)).toEqual(ids)
        if (seen !== undefined) expect(order.indexOf(seen)).toBeLessThan(first)
      }
    }),
    { numRuns: 100 }
  )
})
