/** The process whose memory is weighed: reads cards, verifies them, and keeps them in a directory, or nowhere. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../core/clock.ts'
import { sharingVerifier } from '../../discovery/cards/card-sharing.ts'
import { createDirectory } from '../../discovery/directory/directory.ts'
import type { Directory } from '../../discovery/directory/directory.ts'
import { createFindByMeaning } from '../../discovery/directory/meaning.ts'
import { parseQuery } from '../../discovery/directory/query.ts'
import { verifyCard } from '../../trust/card-signature.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'

export interface QueryCost {
  readonly what: string
  readonly found: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** CPU time of this thread at the 95th percentile, which other work on the machine hardly changes. */
  readonly cpuP95: number
}

export interface Kept {
  readonly held: number
  readonly heap: number
  readonly external: number
  readonly rss: number
  readonly cpuMsPerCard: number
  readonly renewCpuMs: number
  readonly queries: readonly QueryCost[]
}

/** Longer than anything here takes. */
const ALIVE_MS = 3_600_000
const SEARCHES = 500
const RENEWED = 500
/** Of the vectors that usual models make. */
const DIMENSIONS = 256
const BY_MEANING = 'by meaning, vectors at hand'

const QUERIES: Readonly<Record<string, string>> = {
  'an agent by its name': '@agent-77',
  'a skill of some 5 agents': 'field7.task3',
  'a branch of some 100 skills': 'field7',
  'a tag of some 130 skills': 'tag7',
  'a skill that nobody has': 'nobody.has',
  'two rare words': 'word900 word1200',
  'a rare word and a very common one': 'word900 word0',
  'two very common words': 'word0 word1',
  'five words, common and rare': 'word0 word1 word30 word400 word900',
  'a demand alone': 'region=r7',
  'words, and a demand': 'word1 word30 region=r7'
}

const [, , file = '', mode = 'nothing'] = process.argv
const verify = sharingVerifier(verifyCard)

/** What a statement of the peer says: it names the cards that it has. */
function introduce(directory: Directory, card: VerifiedCard, cards: readonly string[]): void {
  const name = `node-${card.peer.slice(-6)}`
  directory.confirm(card.peer, { name, load: 0.5, slots: 4, cards }, ALIVE_MS)
  directory.add(card)
}

async function readAll(take: (card: VerifiedCard) => void): Promise<number> {
  let count = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const blank = line.indexOf(' ')
    // A copy: a slice would hold the whole line.
    const peer = Buffer.from(line.slice(0, blank)).toString()
    take(await verify(JSON.parse(line.slice(blank + 1)), { peer, now: Date.now() }))
    count += 1
  }
  return count
}

function cpuMs(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

interface Timed {
  readonly found: number
  readonly wall: number
  readonly cpu: number
}

async function timed(search: () => number | Promise<number>): Promise<Timed> {
  const before = process.threadCpuUsage()
  const start = performance.now()
  const found = await search()
  const wall = performance.now() - start
  const { user, system } = process.threadCpuUsage(before)
  return { found, wall, cpu: (user + system) / 1000 }
}

async function measure(
  what: string,
  { times, search }: { readonly times: number; readonly search: () => number | Promise<number> }
): Promise<QueryCost> {
  await search()
  const runs: Timed[] = []
  for (let at = 0; at < times; at += 1) runs.push(await timed(search))
  const at = (part: number, kind: 'wall' | 'cpu'): number =>
    runs.map((run) => run[kind]).toSorted((a, b) => a - b)[Math.floor(part * times)] ?? NaN
  return {
    what,
    found: runs[0]?.found ?? 0,
    p50: at(0.5, 'wall'),
    p95: at(0.95, 'wall'),
    p99: at(0.99, 'wall'),
    cpuP95: at(0.95, 'cpu')
  }
}

/** With vectors that are there already, as they are from the second search on. */
async function measureMeaning(directory: Directory): Promise<QueryCost> {
  const vectors = new Map<string, Float32Array>()
  const vectorOf = (text: string): Float32Array => {
    const known = vectors.get(text)
    if (known !== undefined) return known
    const made = Float32Array.from({ length: DIMENSIONS }, (_, at) =>
      Math.sin(text.length * 31 + at * (text.codePointAt(at % text.length) ?? 1))
    )
    const length = Math.hypot(...made)
    const unit = made.map((value) => value / length)
    vectors.set(text, unit)
    return unit
  }
  const question = 'word30 word400'
  const find = createFindByMeaning({
    directory,
    vectors: { of: async () => ({ question: vectorOf(question), vector: vectorOf }) }
  })
  const query = parseQuery(question)
  const options = { limit: 32, signal: undefined }
  const search = async (): Promise<number> =>
    (await find(query, directory.search(query), options)).length
  return measure(BY_MEANING, { times: SEARCHES / 10, search })
}

/** As every 12 hours: the same agent with a higher number. */
function measureRenewal(directory: Directory, digests: ReadonlyMap<string, string[]>): number {
  const cards = directory
    .peers()
    .flatMap((peer) => peer.cards)
    .slice(0, RENEWED)
  const before = process.cpuUsage()
  for (const card of cards) {
    const renewed = { ...card, seq: card.seq + 1_000_000, digest: `f${card.digest.slice(1)}` }
    const others = (digests.get(card.peer) ?? []).filter((digest) => digest !== card.digest)
    introduce(directory, renewed, [...others, renewed.digest])
  }
  return cpuMs(before) / Math.max(1, cards.length)
}

async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.()
    await delay(100)
  }
  return process.memoryUsage()
}

const directory = createDirectory(systemClock, { self: 'self', name: 'self' })
const digests = new Map<string, string[]>()
const before = process.cpuUsage()
const count = await readAll((card) => {
  if (mode === 'nothing') return
  const named = digests.get(card.peer) ?? []
  digests.set(card.peer, [...named, card.digest])
  introduce(directory, card, [...named, card.digest])
})
const cpuMsPerCard = cpuMs(before) / count
const { heapUsed: heap, external, rss } = await settledMemory()
const held = directory.peers().reduce((sum, { cards }) => sum + cards.length, 0)
const queries: QueryCost[] = []
if (mode === 'directory') {
  for (const [what, query] of Object.entries(QUERIES)) {
    const search = (): number => directory.search(query).length
    queries.push(await measure(what, { times: SEARCHES, search }))
  }
  queries.push(await measureMeaning(directory))
}
const renewCpuMs = mode === 'nothing' ? 0 : measureRenewal(directory, digests)
const kept: Kept = { held, heap, external, rss, cpuMsPerCard, renewCpuMs, queries }
process.send?.(kept)
