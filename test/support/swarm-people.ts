/** People of a swarm with a members list, each with its book, who meet and exchange what they know. */
import { silentLogger } from '../../core/logger.ts'
import { Secret } from '../../core/secret.ts'
import type { Identity } from '../../trust/identity.ts'
import type { Roll } from '../../trust/members/roll.ts'
import { openSwarmBook } from '../../trust/members/swarm-book.ts'
import type { SwarmBook } from '../../trust/members/swarm-book.ts'
import { testIdentity } from './identity.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

export const SWARM = '00112233aabbccdd'
export const KEY = new Secret(new Uint8Array(32).map((_, index) => index))

export interface Person {
  readonly identity: Identity
  readonly peer: string
  readonly book: SwarmBook
}

export async function person(seed: number, dataDirectory?: string): Promise<Person> {
  const identity = await testIdentity(seed)
  const book = await openSwarmBook(
    { clock: new ManualClock(), random: seededRandom(seed), logger: silentLogger, identity },
    { name: 'home', ...(dataDirectory && { dataDirectory }) }
  )
  return { identity, peer: identity.peer, book }
}

/** The first founds the swarm, the others are members of it: four, and `more`. */
export async function swarm(more = 0): Promise<[Person, Person, Person, Person, ...Person[]]> {
  const [owner, ...others] = [
    await person(1),
    await person(2),
    await person(3),
    await person(4),
    ...(await Promise.all(Array.from({ length: more }, (_, index) => person(index + 5))))
  ] as const
  const members = others.map(({ peer }, index) => ({ peer, name: `node-${index}` }))
  await owner.book.found({ swarm: SWARM, key: KEY, members })
  await Promise.all(others.map((other) => join(owner, other)))
  return [owner, ...others]
}

export function rollOf({ book }: Person): Roll {
  if (book.roll === undefined) throw new TypeError('there is a list')
  return book.roll
}

async function join(inviter: Person, joiner: Person): Promise<void> {
  const roll = rollOf(inviter)
  await joiner.book.adopt({ charter: roll.charter, statements: roll.statements() })
  await handKey(inviter, joiner)
}

/** As the wire does: only to those who are on one's own list. */
export async function handKey(from: Person, to: Person): Promise<void> {
  if (from.book.roll?.roleOf(to.peer) === undefined) return
  for (const key of from.book.keys()) await to.book.takeKey(key)
}

/** As a stranger is asked why it is a member. */
async function meet(host: Person, guest: Person): Promise<void> {
  if (host.book.roll?.member(guest.peer) !== undefined) return
  await host.book.hear(rollOf(guest).proof(guest.peer))
}

export async function exchange(a: Person, b: Person): Promise<void> {
  await meet(a, b)
  await meet(b, a)
  if (a.book.roll?.roleOf(b.peer) === undefined || b.book.roll?.roleOf(a.peer) === undefined) return
  await a.book.hear(b.book.roll.statements())
  await b.book.hear(a.book.roll.statements())
  await handKey(a, b)
  await handKey(b, a)
}
