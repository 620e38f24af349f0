/** The table of writers: made-up ones end no space for those who are real. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { KnownAuthors } from '../../../../memory/spaces/known-authors.ts'
import type { MemoryRecord } from '../../../../memory/replica/record.ts'
import { encodeRecord, NO_PREVIOUS } from '../../../../memory/replica/record.ts'
import type { Receipt, RecordBatch, Replica } from '../../../../memory/replica/replica.ts'
import { DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import type { WriterName } from '../../../../memory/replica/writer.ts'
import { createWriterRoom } from '../../../../memory/replica/writer-room.ts'
import { NOON, SPACE } from '../../../support/memory-arbitraries.ts'
import { contents, testReplica } from '../../../support/memory-replica.ts'
import { toySigner } from '../../../support/memory-world.ts'
import { copy } from '../../../support/replica-space.ts'

const { memoryWriters, memoryWritersPerAuthor, memoryWritersPerTeller } = LIMITS

function nameOf(author: string, incarnation = 0): WriterName {
  const nonce = incarnation.toString(16).padStart(32, '0')
  return { author: toySigner(author).author, nonce }
}

interface Said {
  readonly key: string
  readonly incarnation?: number
  readonly from?: string
  readonly sequence?: number
}

function recordOf(author: string, { key, incarnation, sequence = 1 }: Said): MemoryRecord {
  const body = {
    space: SPACE.id,
    writer: writerId(SPACE.id, nameOf(author, incarnation)),
    sequence,
    time: { ms: NOON + sequence, counter: 0 },
    previous: NO_PREVIOUS,
    key,
    value: Buffer.from(author),
    deleted: false,
    sealed: false
  }
  return encodeRecord(body, toySigner(author).sign)
}

function batchOf(author: string, said: Said): RecordBatch {
  const { sequence = 1, from = 'teller' } = said
  const writer = nameOf(author, said.incarnation)
  return { writer, records: [recordOf(author, said).bytes], complete: [1, sequence], from }
}

function knows(listed: boolean, ...names: readonly string[]): KnownAuthors {
  const authors = new Set(names.map((name) => toySigner(name).author))
  return { listed, isKnown: (author) => authors.has(author) }
}

const REFUSED = { applied: 0, refused: [{ sequence: 1, reason: 'quota' }] }

/** Each writes one key. */
async function flood(replica: Replica, count: number, from: string): Promise<Receipt | undefined> {
  let last: Receipt | undefined
  for (let made = 0; made < count; made += 1) {
    const name = `${from} ${made}`
    last = await replica.receive(batchOf(name, { key: name, from }))
  }
  return last
}

test('with a members list all made-up authors have together what one author has, and members go on', async () => {
  const { replica } = await testReplica({ known: knows(true, 'ada') })
  const most = memoryWritersPerAuthor.value
  expect(await flood(replica, most + 1, 'liar')).toMatchObject(REFUSED)
  expect(replica.vector.size).toBe(most)
  expect(await flood(replica, 1, 'another liar')).toMatchObject(REFUSED)
  expect(await replica.receive(batchOf('ada', { key: 'a' }))).toMatchObject({ applied: 1 })
  await replica.write({ key: 'mine', value: Buffer.from('1') })
})

test.for([
  ['records', { records: DEFAULT_QUOTAS.authorRecords, bytes: 1 }],
  ['bytes', { records: 1, bytes: DEFAULT_QUOTAS.authorBytes }]
] as const)('nor have they more room than one author for %s', ([, held]) => {
  const entry = { name: nameOf('gone'), covered: [], ...held }
  const entries = new Map([[writerId(SPACE.id, entry.name), entry]])
  const state = { space: SPACE, entries, writer: nameOf('me') }
  const room = createWriterRoom(state, knows(true, 'ada'))
  const comes = (author: string): boolean =>
    room.quotaOf(nameOf(author).author).takes(recordOf(author, { key: 'k' }), undefined)
  const all = ['gone', 'made up', 'ada', 'me'].map(comes)
  expect(all).toEqual([false, false, true, true])
})

test('who is not on the list may replace and delete what such authors hold, also where there is no more room', () => {
  const held = { records: DEFAULT_QUOTAS.authorRecords, bytes: DEFAULT_QUOTAS.authorBytes }
  const entries = new Map(
    ['gone', 'ada'].map((author) => {
      const entry = { name: nameOf(author), covered: [], ...held }
      return [writerId(SPACE.id, entry.name), entry] as const
    })
  )
  const room = createWriterRoom({ space: SPACE, entries, writer: nameOf('me') }, knows(true, 'ada'))
  const quota = room.quotaOf(nameOf('gone').author)
  const later = recordOf('gone', { key: 'k', sequence: 2 })
  const earlier = (author: string) => recordOf(author, { key: 'k' })
  expect(quota.takes(later, earlier('gone'))).toBe(true)
  // It loses, and takes no room.
  expect(quota.takes(earlier('gone'), later)).toBe(true)
  expect(quota.takes(later, earlier('ada'))).toBe(false)
  expect(quota.takes(later, undefined)).toBe(false)
})

test('who wrote before there was a list reaches those who come later', async () => {
  const { replica: old } = await testReplica({ name: 'ada' })
  await old.receive(batchOf('gone', { key: 'from-before' }))
  const { replica: late } = await testReplica({ name: 'bob', known: knows(true, 'ada', 'bob') })
  await copy(old, late)
  expect(await contents(late)).toEqual({ 'from-before': 'gone' })
  expect((await late.summary()).root).toBe((await old.summary()).root)
})

test('without a list one peer brings so many strangers, and all peers half of the table', async () => {
  const { replica } = await testReplica({ known: knows(false, 'ada') })
  const share = memoryWritersPerTeller.value
  expect(await flood(replica, share + 1, 'liar')).toMatchObject(REFUSED)
  expect(replica.vector.size).toBe(share)
  // What one who was never met wrote comes with another peer, and whom this node has met with any.
  const honest = batchOf('cyan', { key: 'c', from: 'bob' })
  expect(await replica.receive(honest)).toMatchObject({ applied: 1 })
  const met = batchOf('ada', { key: 'a', from: 'liar' })
  expect(await replica.receive(met)).toMatchObject({ applied: 1 })
  for (const peer of 'wxyz') await flood(replica, share, peer)
  expect(replica.vector.size).toBe(memoryWriters.value / 2 + 1)
})

test('a stranger that is here goes on, whoever brings what it writes', async () => {
  const { replica } = await testReplica({ known: knows(false) })
  await flood(replica, memoryWritersPerTeller.value, 'liar')
  const more = batchOf('liar 0', { key: 'liar 0', sequence: 2, from: 'liar' })
  expect(await replica.receive(more)).toMatchObject({ applied: 1 })
})

test('one author does not fill the table with names of its own', async () => {
  const { replica } = await testReplica({ known: knows(true, 'ada', 'bob') })
  const most = memoryWritersPerAuthor.value
  let last: Receipt | undefined
  for (let incarnation = 0; incarnation <= most; incarnation += 1) {
    last = await replica.receive(batchOf('ada', { key: 'a', incarnation }))
  }
  expect(last).toMatchObject(REFUSED)
  expect(await replica.receive(batchOf('bob', { key: 'b' }))).toMatchObject({ applied: 1 })
})

test('nobody uses up the names of another by claims', async () => {
  const { replica } = await testReplica({ known: knows(true, 'ada') })
  for (let made = 1; made <= memoryWritersPerAuthor.value; made += 1) {
    const writer = nameOf('ada', made)
    await replica.receive({ writer, records: [], complete: [1, 9], from: 'liar' })
  }
  expect(replica.vector.size).toBe(memoryWritersPerAuthor.value / 2)
  expect(await replica.receive(batchOf('ada', { key: 'a' }))).toMatchObject({ applied: 1 })
})
