/** The journal: what it finds at start, what it keeps, and how it goes on after failed writes. */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createGroupCommit } from '../../../storage/group-commit.ts'
import { createCheckpointWindow } from '../../../storage/journal-chain.ts'
import { journalKeys } from '../../../storage/journal-keys.ts'
import { origin } from '../../../storage/journal-record.ts'
import type { Journal } from '../../../storage/journal.ts'
import { JOURNAL_WINDOW_BYTES, openJournal } from '../../../storage/journal.ts'
import type { FaultPlan, MemoryStore } from '../../../storage/memory-store.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const NAME = 'tasks'
const SYNC = { sync: true }
const keys = journalKeys(NAME)

async function setup(faults: FaultPlan = {}) {
  const directory = await temporaryDirectory()
  const store = createMemoryStore(faults)
  return { directory, store, journal: await open(store, directory) }
}

function open(store: MemoryStore, directory: string): Promise<Journal> {
  const commit = createGroupCommit({ store })
  return openJournal({ clock: new ManualClock(), store, commit }, { name: NAME, directory })
}

function beside(key: string) {
  return {
    sync: true,
    operations: [{ type: 'put' as const, key, value: Buffer.from(key) }]
  }
}

async function fill(journal: Journal, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, n) => journal.append(Buffer.from(`payload ${n}`), SYNC))
  )
}

async function payloads(journal: Journal, after = 0): Promise<string[]> {
  const found: string[] = []
  for await (const { sequence, payload } of journal.read(after)) {
    found.push(`${sequence} ${Buffer.from(payload).toString()}`)
  }
  return found
}

async function drop(store: MemoryStore, ...sequences: number[]): Promise<void> {
  await store.commit(
    sequences.map((sequence) => ({ type: 'del', key: keys.record(sequence) })),
    SYNC
  )
}

test('numbers records from one and reads them back after a restart', async () => {
  const { directory, journal, store } = await setup()
  expect(await journal.append(Buffer.from('a'), SYNC)).toBe(1)
  expect(await journal.append(Buffer.from('b'), SYNC)).toBe(2)
  const again = await open(store, directory)
  expect(again.report).toEqual({ records: 2, breaks: [], breakCount: 0, tailLost: 0 })
  expect(await again.append(Buffer.from('c'), SYNC)).toBe(3)
  expect(await payloads(again, 1)).toEqual(['2 b', '3 c'])
  expect(await readdir(directory)).toEqual([])
})

test('commits other operations with the record, both or neither', async () => {
  const { journal, store } = await setup({ commit: (n) => (n === 2 ? 'failed' : undefined) })
  await journal.append(Buffer.from('a'), beside('x'))
  await expect(journal.append(Buffer.from('b'), beside('y'))).rejects.toMatchObject({
    code: 'STORE_FAILED'
  })
  expect(await store.get('x')).toBeDefined()
  expect(await store.get('y')).toBeUndefined()
})

test('reports records that are missing in the middle, keeps the later ones and the evidence', async () => {
  const { directory, journal, store } = await setup()
  await fill(journal, 10)
  await drop(store, 4, 5)
  const damaged = await open(store, directory)
  expect(damaged.report).toMatchObject({
    records: 8,
    breaks: [{ sequence: 6, reason: 'missing' }],
    breakCount: 1
  })
  const evidence = await readFile(damaged.report.evidence ?? '', 'utf8')
  expect(evidence.trim().split('\n')).toHaveLength(5)
  expect(await payloads(damaged, 2)).toEqual([
    '3 payload 2',
    '6 payload 5',
    '7 payload 6',
    '8 payload 7',
    '9 payload 8',
    '10 payload 9'
  ])
  expect(await damaged.append(Buffer.from('next'), SYNC)).toBe(11)
  expect((await open(store, directory)).report).toMatchObject({ breaks: [], records: 9 })
})

test.for([
  ['a flipped bit', (value: Buffer) => value.writeUInt8(value.readUInt8(40) ^ 1, 40)],
  [
    'a flipped bit in the hash of the one before',
    (value: Buffer) => value.writeUInt8(value.readUInt8(9) ^ 1, 9)
  ]
] as const)('finds %s even in the last record', async ([, damage]) => {
  const { directory, journal, store } = await setup()
  await fill(journal, 3)
  const value = Buffer.from((await store.get(keys.record(3))) ?? [])
  damage(value)
  await store.commit([{ type: 'put', key: keys.record(3), value }], SYNC)
  const damaged = await open(store, directory)
  expect(damaged.report.breaks).toEqual([{ sequence: 3, reason: 'damaged' }])
  expect(await readFile(damaged.report.evidence ?? '', 'utf8')).toContain(value.toString('base64'))
  expect(await damaged.append(Buffer.from('again'), SYNC)).toBe(3)
  expect(await payloads(damaged)).toHaveLength(3)
})

test('finds a record that another history has written', async () => {
  const one = await setup()
  const other = await setup()
  await fill(one.journal, 3)
  await other.journal.append(Buffer.from('another'), SYNC)
  await fill(other.journal, 2)
  const value = (await other.store.get(keys.record(2))) ?? new Uint8Array()
  await one.store.commit([{ type: 'put', key: keys.record(2), value }], SYNC)
  const damaged = await open(one.store, one.directory)
  expect(damaged.report.breaks).toEqual([
    { sequence: 2, reason: 'unlinked' },
    { sequence: 3, reason: 'unlinked' }
  ])
})

test('knows from the last clean stop that the end is missing', async () => {
  const { directory, journal, store } = await setup()
  await fill(journal, 5)
  await journal.close()
  await drop(store, 4, 5)
  expect((await open(store, directory)).report).toMatchObject({ tailLost: 2, breaks: [] })
})

test('reading stops at damage that has come since the start', async () => {
  const { journal, store } = await setup()
  await fill(journal, 5)
  await drop(store, 3)
  await expect(payloads(journal)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
})

test.for(['failed', 'unknown'] as const)(
  'goes on without a gap after a write that ended as %s',
  async (fault) => {
    const { directory, journal, store } = await setup({
      commit: (n) => (n === 2 ? fault : undefined)
    })
    await journal.append(Buffer.from('a'), SYNC)
    const lost = await Promise.allSettled(
      ['b', 'c'].map((payload) => journal.append(Buffer.from(payload), SYNC))
    )
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(journal.append(Buffer.from('d'), SYNC)).rejects.toMatchObject({
      code: 'STORE_FAILED'
    })
    await store.recover()
    await journal.append(Buffer.from('e'), SYNC)
    expect(await payloads(journal)).toEqual(
      fault === 'failed' ? ['1 a', '2 e'] : ['1 a', '2 b', '3 c', '4 e']
    )
    await journal.close()
    expect((await open(store, directory)).report).toMatchObject({ breaks: [], tailLost: 0 })
  }
)

test('keeps its chain when the disk recovers while it looks what became of a failed write', async () => {
  const { directory, store } = await setup({ commit: (n) => (n === 2 ? 'unknown' : undefined) })
  let failed = false
  const recoversWhileRead: MemoryStore = {
    ...store,
    async *iterate(range, options) {
      try {
        yield* store.iterate(range, options)
      } finally {
        if (failed) await store.recover()
      }
    }
  }
  const journal = await open(recoversWhileRead, directory)
  await journal.append(Buffer.from('a'), SYNC)
  await Promise.allSettled(['b', 'c'].map((text) => journal.append(Buffer.from(text), SYNC)))
  failed = true
  await Promise.allSettled([journal.append(Buffer.from('d'), SYNC)])
  await store.recover()
  await journal.append(Buffer.from('e'), SYNC)
  expect(await payloads(journal)).toEqual(['1 a', '2 b', '3 c', '4 e'])
  expect((await open(store, directory)).report.breakCount).toBe(0)
})

test('checks at start only what follows the checkpoint, and trims only what lies before it', async () => {
  const { directory, journal, store } = await setup()
  // What is written with a record fills LevelDB's log as the record does.
  const value = Buffer.alloc(JOURNAL_WINDOW_BYTES / 4)
  const operations = [{ type: 'put', key: 'with it', value }] as const
  for (let n = 0; n < 10; n += 1) await journal.append(Buffer.from('x'), { ...SYNC, operations })
  const again = await open(store, directory)
  expect(again.report.records).toBe(6)
  await again.trim(100)
  expect((await store.get(keys.record(3))) === undefined).toBe(true)
  expect((await store.get(keys.record(4))) === undefined).toBe(false)
  expect((await open(store, directory)).report).toMatchObject({ records: 6, breakCount: 0 })
})

test('a checkpoint always has a window of records behind it', () => {
  const window = createCheckpointWindow(origin(NAME), 100)
  const { hash } = origin(NAME)
  for (let sequence = 1; sequence <= 1000; sequence += 1) {
    window.pass({ sequence, hash }, 10)
    expect(sequence - window.checkpoint.sequence).toBeLessThanOrEqual(20)
    if (sequence > 20) expect(sequence - window.checkpoint.sequence).toBeGreaterThanOrEqual(10)
  }
})

test('after a crash holds every synced record and an unbroken chain', async () => {
  const directory = await temporaryDirectory()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.integer(),
      fc.option(fc.constantFrom('failed', 'unknown', 'full')),
      async (syncs, seed, fault) => {
        const store = createMemoryStore({
          commit: (n) => (n === 12 && fault !== null ? fault : undefined)
        })
        const journal = await open(store, directory)
        const acknowledged: number[] = []
        for (const sync of syncs) {
          const appended = await journal.append(Buffer.from('x'), { sync }).catch(() => 0)
          if (sync && appended > 0) acknowledged.push(appended)
        }
        const after = await open(store.crash(seededRandom(seed)), directory)
        expect(after.report).toMatchObject({ breakCount: 0 })
        expect(after.sequence).toBeGreaterThanOrEqual(acknowledged.at(-1) ?? 0)
        expect(await payloads(after)).toHaveLength(after.sequence)
      }
    )
  )
  expect(await readdir(join(directory))).toEqual([])
})
