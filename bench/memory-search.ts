/**
 * What searching a space costs: building its index from the records, questions, opening what was
 * saved, memory; then vectors one by one and in lists, with the share of true neighbours found.
 *
 *     node bench/memory-search.ts [records]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Secret } from '../core/secret.ts'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { systemRandom } from '../core/random.ts'
import { createVerifier, createSigner } from '../memory/replica/record-signature.ts'
import type { MemoryRecord } from '../memory/replica/record.ts'
import type { Replica } from '../memory/replica/replica.ts'
import { openReplica } from '../memory/replica/replica.ts'
import type { SearchedSpace } from '../memory/search/indexed-space.ts'
import { createMemorySearch } from '../memory/search/search.ts'
import type { MemorySearch, SearchQuery } from '../memory/search/search.ts'
import { startSearchWorker } from '../memory/search/search-worker.ts'
import type { SearchIndex } from '../memory/search/search-index.ts'
import { createVectorIndex } from '../memory/search/vector-index.ts'
import type { UnitVector } from '../memory/search/vector-table.ts'
import { unitVector } from '../memory/search/vector-table.ts'
import type { MemoryEntry } from '../memory/shared-memory.ts'
import { sharedSpace } from '../memory/spaces/space.ts'
import { watchSpace } from '../memory/watch.ts'
import { openLevelStore } from '../storage/level-store.ts'
import type { Store } from '../storage/store.ts'
import { seededRandom } from '../test/support/random.ts'

const RECORDS = Number(process.argv[2] ?? 100_000)
const WORDS_PER_RECORD = 20
const VOCABULARY = 20_000
const QUESTIONS = 200
const DIMENSIONS = 384
const VECTORS = [20_000, 50_000] as const
const MIB = 1024 * 1024

const random = seededRandom(1)
const words = Array.from({ length: VOCABULARY }, (_, at) =>
  Array.from({ length: 3 + (at % 7) }, () => 97 + Math.floor(random.next() * 26))
    .map((code) => String.fromCodePoint(code))
    .join('')
)

/** A few words are in nearly every text, most in hardly any, as in languages. */
function word(): string {
  return words[Math.floor(VOCABULARY * random.next() ** 3)] ?? ''
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  const store = await openLevelStore(join(directory, 'db'), { create: true })
  try {
    await measureText(store)
  } finally {
    await store.close()
    await rm(directory, { recursive: true })
  }
  for (const count of VECTORS) measureVectors(count)
}

async function measureText(store: Store): Promise<void> {
  const space = spaceOf(await filled(store))
  const first = await started(store)
  const before = process.memoryUsage().rss
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const cpu = process.cpuUsage()
  const built = await timed(() => first.search(space, { text: word() }))
  const { user } = process.cpuUsage(cpu)
  loop.disable()
  const grown = (process.memoryUsage().rss - before) / MIB
  print(`${RECORDS} records of ${WORDS_PER_RECORD} words`)
  print(
    `first search, index built: ${(built / 1000).toFixed(1)} s, ${(user / 1e6).toFixed(1)} s of CPU; ` +
      `memory + ${grown.toFixed(0)} MiB`
  )
  print(`event loop meanwhile: p99 ${(loop.percentile(99) / 1e6).toFixed(0)} ms`)
  await measureQuestions(first, space)
  const saved = await timed(() => first.stop())
  const second = await started(store)
  const opened = await timed(() => second.search(space, { text: word() }))
  print(
    `stop with saving ${saved.toFixed(0)} ms; first search after a restart ${opened.toFixed(0)} ms`
  )
  await second.stop()
}

async function measureQuestions(search: MemorySearch, space: SearchedSpace): Promise<void> {
  for (const [name, ask] of [
    ['two words', () => `${word()} ${word()}`],
    ['one rare word', () => words[VOCABULARY - 1 - Math.floor(random.next() * 5000)] ?? ''],
    ['a misspelt word', () => `${words[VOCABULARY - 1 - Math.floor(random.next() * 5000)]}q`]
  ] as const) {
    const took: number[] = []
    for (let at = 0; at < QUESTIONS; at += 1) {
      const query: SearchQuery = { text: ask() }
      took.push(await timed(() => search.search(space, query)))
    }
    print(`${name}: p50 ${percentile(took, 0.5)} ms, p95 ${percentile(took, 0.95)} ms`)
  }
}

async function filled(store: Store): Promise<Replica> {
  const signer = createSigner(new Secret(systemRandom.bytes(32)))
  const replica = await openReplica(
    { clock: systemClock, random: systemRandom, store, signer, verify: createVerifier() },
    { space: sharedSpace('bench'), continueWriter: true }
  )
  const batch = 4096
  for (let at = 0; at < RECORDS; at += batch) {
    const count = Math.min(batch, RECORDS - at)
    await Promise.all(
      Array.from({ length: count }, (_, offset) => {
        const text = Array.from({ length: WORDS_PER_RECORD }, word).join(' ')
        const value = Buffer.from(JSON.stringify(text))
        return replica.write({ key: `fact/${at + offset}`, value })
      })
    )
  }
  return replica
}

function entryOf(record: MemoryRecord): MemoryEntry {
  return { ...record, author: '' }
}

function spaceOf(replica: Replica): SearchedSpace {
  const never = new AbortController().signal
  return {
    space: replica.space,
    async get(key) {
      const record = await replica.get(key)
      return record && entryOf(record)
    },
    watch: (query = {}, signal = never) =>
      watchSpace({ clock: systemClock, replica, entryOf }, query, signal)
  }
}

async function started(store: Store): Promise<MemorySearch> {
  const search = createMemorySearch({
    clock: systemClock,
    logger: silentLogger,
    store: () => store,
    startWorker: startSearchWorker
  })
  await search.start()
  return search
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

/** Around directions of topics, as vectors of texts are. */
function vectorMaker(): () => UnitVector {
  const topics = Array.from({ length: 300 }, () => Array.from({ length: DIMENSIONS }, normal))
  return () => {
    const topic = topics[Math.floor(random.next() * topics.length)] ?? []
    return unitVector(topic.map((value) => value + normal())) ?? new Float32Array(DIMENSIONS)
  }
}

function measureVectors(count: number): void {
  const make = vectorMaker()
  const flat = createVectorIndex({ dimensions: DIMENSIONS, flatVectors: Infinity })
  const lists = createVectorIndex({ dimensions: DIMENSIONS, flatVectors: count / 4 })
  let building = 0
  for (let at = 0; at < count; at += 1) {
    const vector = make()
    flat.put(`k/${at}`, vector)
    const began = process.cpuUsage()
    lists.put(`k/${at}`, vector)
    building += process.cpuUsage(began).user / 1000
  }
  const questions = Array.from({ length: QUESTIONS }, make)
  const right = measured(() => questions.map((question) => keysNear(flat, question)))
  const given = measured(() => questions.map((question) => keysNear(lists, question)))
  const found = right.result.flatMap((keys, at) => {
    const near = new Set(given.result[at])
    return keys.filter((key) => near.has(key))
  })
  const recall = (found.length / (10 * QUESTIONS)).toFixed(3)
  print(`${count} vectors of ${DIMENSIONS}, CPU a question: one by one ${right.each} ms, in lists`)
  print(
    `${given.each} ms with recall@10 ${recall}; lists built in ${(building / 1000).toFixed(1)} s`
  )
}

function keysNear(index: SearchIndex<UnitVector>, question: UnitVector): string[] {
  return index.find(question, { limit: 10 }).map(({ key }) => key)
}

/** In CPU: what else runs on the machine does not count. */
function measured<T>(action: () => T): { readonly result: T; readonly each: string } {
  const before = process.cpuUsage()
  const result = action()
  const { user, system } = process.cpuUsage(before)
  return { result, each: ((user + system) / 1000 / QUESTIONS).toFixed(1) }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await action()
  return performance.now() - began
}

function percentile(values: readonly number[], part: number): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0).toFixed(1)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()
