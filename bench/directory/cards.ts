/** Cards of a made-up swarm as they come over the wire: distinct keys, names, skills and texts, each with its real signature. */
import { buildCard } from '../../discovery/cards/card-builder.ts'
import type { AgentDescription } from '../../discovery/cards/card-builder.ts'
import { A2A_EXTENSIONS } from '../../protocols/a2a/constants.ts'
import { createCardSigner } from '../../trust/card-signature.ts'
import { testIdentity } from '../../test/support/identity.ts'
import { seededRandom } from '../../test/support/random.ts'

export interface WireCard {
  readonly peer: string
  /** JSON text. */
  readonly card: string
}

export interface MadeUpSwarm {
  readonly peers: number
  readonly cards: number
  readonly seed: number
}

/** Words of a description, and different ones in all. */
const WORDS = 24
const VOCABULARY = 4000
/** Skills are shared by some, as in life: one of these fields and one of its tasks. */
const FIELDS = 200
const TASKS = 20
const TAGS = 300

/** Cards are dealt to peers in turn; two skills each. */
export async function* madeUpCards({ peers, cards, seed }: MadeUpSwarm): AsyncGenerator<WireCard> {
  const random = seededRandom(seed)
  const word = wordsByZipf(random)
  const now = Date.now()
  const signers = await Promise.all(
    Array.from({ length: peers }, async (_, at) => {
      const identity = await testIdentity(at + 1)
      return { peer: identity.peer, sign: createCardSigner(identity) }
    })
  )
  for (let at = 0; at < cards; at += 1) {
    const owner = signers[at % peers]
    if (owner === undefined) throw new RangeError('no peers')
    const { peer, sign } = owner
    const card = buildCard(agent(at, random, word), { peer, extensions: [...A2A_EXTENSIONS] })
    const times = { seq: now + at, issuedAt: now, expiresAt: now + 86_400_000 }
    yield { peer, card: JSON.stringify(await sign(card, times)) }
  }
}

function agent(at: number, random: { next(): number }, word: () => string): AgentDescription {
  const id = `agent-${at}`
  const pick = (count: number): number => Math.floor(random.next() * count)
  const text = (): string => Array.from({ length: WORDS }, word).join(' ')
  const skills = [0, 1].map(() => {
    const skill = `field${pick(FIELDS)}.task${pick(TASKS)}`
    const tags = [`tag${pick(TAGS)}`, `tag${pick(TAGS)}`]
    return { id: skill, name: skill, description: text(), tags }
  })
  return {
    id,
    name: `Agent ${at}`,
    description: text(),
    version: `1.${at % 7}.0`,
    skills,
    inputModes: ['text/plain', 'application/json'],
    outputModes: ['text/plain'],
    idempotent: at % 2 === 0,
    resumable: false,
    attributes: { region: `r${at % 12}`, price: (at % 100) / 1000 }
  }
}

/** Natural texts repeat few words often (Zipf, 1949): the n-th word has 1/n of the uses of the first. */
function wordsByZipf(random: { next(): number }): () => string {
  let total = 0
  const upTo = Array.from({ length: VOCABULARY }, (_, rank) => (total += 1 / (rank + 1)))
  return () => {
    const drawn = random.next() * total
    return `word${Math.max(
      0,
      upTo.findIndex((sum) => sum > drawn)
    )}`
  }
}
