/**
 * What a search among 10,000 cards costs: by name, by rare words, by words that nearly all cards say, and by demands alone.
 *
 * Run: `node bench/find.ts [searches, default 500] [seed]`. Some seconds; the rows go into docs/benchmarks.md.
 */
import { loadavg } from 'node:os'
import { systemClock } from '../core/clock.ts'
import { createDirectory } from '../discovery/directory/directory.ts'
import { SIGNATURE, testCard, testSkill } from '../test/support/identity.ts'
import { seededRandom } from '../test/support/random.ts'

const [searches = 500, seed = 1] = process.argv.slice(2).map(Number)

const PEERS = 2500
const CARDS_OF_PEER = 4
/** Words of a description, and different ones in all. */
const WORDS = 16
const VOCABULARY = 2000

const random = seededRandom(seed)
/** Natural texts repeat few words often (Zipf, 1949): the n-th word has 1/n of the uses of the first. */
const uses = Array.from({ length: VOCABULARY }, (_, rank) => 1 / (rank + 1))
const total = uses.reduce((sum, share) => sum + share, 0)

function word(): string {
  let left = random.next() * total
  const rank = uses.findIndex((share) => (left -= share) < 0)
  return `word${Math.max(0, rank)}`
}

const directory = createDirectory(systemClock, { self: 'self', name: 'self' })
const began = performance.now()
for (let peer = 0; peer < PEERS; peer += 1) {
  const name = `peer-${peer}`
  const cards = Array.from({ length: CARDS_OF_PEER }, (_, at) => {
    const agentId = `agent-${at}`
    const description = `makes text of pictures: ${Array.from({ length: WORDS }, word).join(' ')}`
    const skills = [testSkill(`skill.${at}.${peer % 100}`, { description, tags: ['any'] })]
    const card = { ...testCard(name, agentId, { skills, description: 'an agent' }), signatures: [] }
    return { ...SIGNATURE, peer: name, agentId, digest: `${name} ${agentId}`, card }
  })
  const digests = cards.map(({ digest }) => digest)
  directory.confirm(name, { name, load: random.next(), slots: 4, cards: digests }, 3_600_000)
  for (const card of cards) directory.add(card)
}

const QUERIES: Readonly<Record<string, string>> = {
  'a skill of 25 peers': 'skill.1.17',
  'a branch of 2,500 cards': 'skill.2',
  'two rare words': 'word900 word1200',
  'a rare word and a very common one': 'word900 pictures',
  'two very common words': 'text pictures',
  'five words, common and rare': 'makes text word1 word30 word900',
  'a demand alone': 'version=1.0.0'
}

const out = (line: string): void => void process.stdout.write(`${line}\n`)
out(
  `${PEERS * CARDS_OF_PEER} cards added in ${(performance.now() - began).toFixed(0)} ms, load ${loadavg()[0]?.toFixed(1)}`
)
out('')
out('| query | found | median ms | 95th percentile ms | CPU ms |')
out('|---|---|---|---|---|')
for (const [what, query] of Object.entries(QUERIES)) {
  let found = 0
  const before = process.cpuUsage()
  const times = Array.from({ length: searches }, () => {
    const start = performance.now()
    found = directory.search(query).length
    return performance.now() - start
  }).toSorted((a, b) => a - b)
  // What other work on the machine does not change.
  const { user, system } = process.cpuUsage(before)
  const cpuMs = ((user + system) / 1000 / searches).toFixed(2)
  const at = (part: number): string => (times[Math.floor(part * searches)] ?? NaN).toFixed(2)
  out(`| ${what} | ${found} | ${at(0.5)} | ${at(0.95)} | ${cpuMs} |`)
}
