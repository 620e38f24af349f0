/**
 * The arithmetic of docs/scaling.md: what a node of a large swarm has to do and to keep, from measured constants.
 *
 *     node bench/scaling.ts [nodes…, default 100 1000 10000 100000]
 *
 * Only the hops of a lookup are more than a formula: they are counted in a model of Kademlia with our k and α,
 * where each node knows 10 random others of each bucket. No node is started. Some seconds.
 */
import { LIMITS } from '../core/limits.ts'
import { ANNOUNCE_INTERVAL_MS, KEEPERS } from '../discovery/dht/capability-dht.ts'
import { seededRandom } from '../test/support/random.ts'

/** Measured: where each number comes from stands in docs/scaling.md. */
const CONSTANTS = {
  keysPerNode: 8,
  cardsPerNode: 7,
  cardBytes: 2076,
  cardMemory: 4250,
  recordBytes: 300,
  announceSeconds: ANNOUNCE_INTERVAL_MS / 1000,
  dialBytes: 6000,
  dialCpuMs: 13,
  askBytes: 1500,
  statementBytes: 600,
  statementCpuMs: 0.2,
  gossipDegree: 4,
  gossipCopies: 3,
  memberBytes: 300,
  sessions: 10
}
const BUCKET = KEEPERS
const ALPHA = 3
const ID_BITS = 30
const LOOKUPS = 200
/** Statements a second that all nodes together make: that of discovery/presence/presence-pace.ts. */
const BUDGETS = [2.5]
const FASTEST_SECONDS = 4
const SLOWEST_SECONDS = 3600

interface Lookup {
  readonly hops: number
  readonly asked: number
}

/** Ids in order: the nodes of a bucket are then a run of them. */
function makeIds(count: number, random: { next(): number }): readonly number[] {
  const ids = new Set<number>()
  while (ids.size < count) ids.add(Math.floor(random.next() * 2 ** ID_BITS))
  return [...ids].toSorted((a, b) => a - b)
}

function lowerBound(ids: readonly number[], id: number): number {
  let [low, high] = [0, ids.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] ?? 0) < id) low = middle + 1
    else high = middle
  }
  return low
}

/** What a node that is asked knows: at most 10 of each bucket, drawn anew, the nearest 10 to the target. */
function answer(
  ids: readonly number[],
  { node, target, random }: { node: number; target: number; random: { next(): number } }
): readonly number[] {
  const known: number[] = []
  for (let bit = 0; bit < ID_BITS; bit += 1) {
    const size = 2 ** bit
    const first = Math.floor((node ^ size) / size) * size
    const from = lowerBound(ids, first)
    const to = lowerBound(ids, first + size)
    const room = Math.min(BUCKET, to - from)
    for (let at = 0; at < room; at += 1) {
      const place = to - from <= BUCKET ? from + at : from + Math.floor(random.next() * (to - from))
      known.push(ids[place] ?? node)
    }
  }
  return nearest(known, target)
}

function nearest(ids: Iterable<number>, target: number): readonly number[] {
  return [...new Set(ids)].toSorted((a, b) => (a ^ target) - (b ^ target)).slice(0, BUCKET)
}

/** Rounds of three questions, until the 10 nearest have all been asked. */
function lookup(ids: readonly number[], random: { next(): number }): Lookup {
  const pick = (): number => ids[Math.floor(random.next() * ids.length)] ?? 0
  const target = Math.floor(random.next() * 2 ** ID_BITS)
  let best = answer(ids, { node: pick(), target, random })
  const hopsTo = new Map(best.map((id) => [id, 1]))
  const asked = new Set<number>()
  for (;;) {
    const next = best.filter((id) => !asked.has(id)).slice(0, ALPHA)
    if (next.length === 0) break
    for (const node of next) {
      asked.add(node)
      const told = answer(ids, { node, target, random })
      for (const id of told) if (!hopsTo.has(id)) hopsTo.set(id, (hopsTo.get(node) ?? 0) + 1)
      best = nearest([...best, ...told], target)
    }
  }
  return { hops: hopsTo.get(best[0] ?? 0) ?? 0, asked: asked.size }
}

function meanLookup(nodes: number): Lookup {
  const random = seededRandom(1)
  const ids = makeIds(nodes, random)
  const done = Array.from({ length: LOOKUPS }, () => lookup(ids, random))
  const mean = (what: 'hops' | 'asked'): number =>
    done.reduce((sum, each) => sum + each[what], 0) / LOOKUPS
  return { hops: mean('hops'), asked: mean('asked') }
}

function rows(nodes: number): readonly (readonly [what: string, figure: number])[] {
  const c = CONSTANTS
  const { hops, asked } = meanLookup(nodes)
  const strangers = Math.max(0, 1 - c.sessions / nodes)
  const asks = (c.keysPerNode * (asked + BUCKET)) / c.announceSeconds
  const dials = ((c.keysPerNode * asked) / c.announceSeconds) * strangers
  const peers = Math.min(nodes, LIMITS.directoryPeers.value)
  const cards = Math.min(peers * c.cardsPerNode, LIMITS.directoryCards.value)
  const known = cards / c.cardsPerNode
  const announcers = Math.min(
    nodes,
    (nodes * LIMITS.dhtProviders.value) / 2 / Math.min(nodes, known)
  )
  const presence = BUDGETS.flatMap((budget) => {
    const heard = Math.min(nodes / FASTEST_SECONDS, Math.max(budget, nodes / SLOWEST_SECONDS))
    return [
      [`presence of ${budget}/s: interval of a node, s`, nodes / heard],
      [
        `presence of ${budget}/s: bytes in, kB/s`,
        (heard * c.gossipCopies * c.statementBytes) / 1000
      ],
      [`presence of ${budget}/s: CPU, ms/s`, heard * c.statementCpuMs]
    ] as const
  })
  return [
    ['hops of a lookup (model)', hops],
    ['nodes asked in a lookup (model)', asked],
    ['announcing: questions and records sent, 1/s', asks],
    ['announcing: dials of strangers, 1/s', dials],
    ['announcing: bytes out, kB/s', (asks * c.askBytes + dials * c.dialBytes) / 1000],
    ['announcing: CPU of dials at both ends, ms/s', 2 * dials * c.dialCpuMs],
    ['provider records kept, distinct skills', BUCKET * c.keysPerNode],
    ['… in memory, kB', (BUCKET * c.keysPerNode * c.recordBytes) / 1000],
    ['skill of all: announcers a round', announcers],
    ['… records a second at its 10 keepers', announcers / c.announceSeconds],
    ...presence,
    ['gossip: hops to all', Math.log(nodes) / Math.log(c.gossipDegree - 1)],
    ['directory: peers known', known],
    ['… of the swarm, %', (100 * known) / nodes],
    ['… in memory, MB', (cards * c.cardMemory) / 1e6],
    ['… cards renewed every 12 h, kB/s', (cards * c.cardBytes) / 43_200 / 1000],
    ['members list, if there is one, MB', (nodes * c.memberBytes) / 1e6]
  ]
}

const sizes =
  process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1000, 10_000, 100_000]
const tables = sizes.map(rows)
const head = sizes.map((nodes) => nodes.toLocaleString('en'))
console.log(`| nodes | ${head.join(' | ')} |\n|---|${'---|'.repeat(sizes.length)}`)
for (const [at, [what]] of (tables[0] ?? []).entries()) {
  const figures = tables.map((table) => {
    const figure = table[at]?.[1] ?? NaN
    return figure >= 100 ? Math.round(figure).toLocaleString('en') : figure.toFixed(1)
  })
  console.log(`| ${what} | ${figures.join(' | ')} |`)
}
