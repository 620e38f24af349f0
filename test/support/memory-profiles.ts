/** What may happen in the memory simulation, and how often: the profiles that its seeds run. */
import { cornerOf } from '../../memory/spaces/access.ts'
import { greatest } from '../../memory/replica/sequence-set.ts'
import type { StatementBody } from '../../memory/spaces/statement.ts'
import { createStatement } from '../../memory/spaces/statement.ts'
import type { MemoryWorld, SimulatedNode } from './memory-world.ts'
import { HOUR_MS } from './memory-world.ts'

const KEYS = 6

type Step = (world: MemoryWorld) => Promise<void> | void

/** What may happen, and how often. */
export interface Profile {
  readonly name: string
  readonly nodes: number
  /** How many things happen. */
  readonly length?: number
  readonly steps: readonly (readonly [weight: number, step: Step])[]
  readonly liar?: boolean
  readonly kind?: 'shared' | 'members'
  /** How many records one author may hold. */
  readonly quota?: number
  /** Nobody is restored, revoked or lying: nothing acknowledged may be lost. */
  readonly keepsAll?: boolean
  /**
   * And no session is cut, no record waits for its time: version vectors alone must make all equal.
   * A claim says that something greater took a record's place; where that does not come along, a
   * third replica that has only the lesser one does not offer it, and the audit has to find it.
   */
  readonly auditFree?: boolean
  /** Deleted keys stay deleted, also when a node comes back that was alone for days. */
  readonly deletions?: boolean
}

function anyNode(world: MemoryWorld): SimulatedNode {
  return world.pick(world.nodes)
}

function key(world: MemoryWorld): string {
  return `k${world.below(KEYS)}`
}

function content(world: MemoryWorld): Uint8Array {
  return world.random.bytes(1 + world.below(3))
}

const put: Step = (world) => world.write(anyNode(world), { key: key(world), value: content(world) })

const remove: Step = (world) => world.write(anyNode(world), { key: key(world), value: undefined })

const putExpiring: Step = (world) => {
  const node = anyNode(world)
  const expires = world.now + node.skew + 120_000 + world.below(3 * HOUR_MS)
  return world.write(node, { key: key(world), value: content(world), expires })
}

const repairSome: Step = (world) => world.repair(anyNode(world), anyNode(world))
const repairCut: Step = (world) => world.repair(anyNode(world), anyNode(world), world.below(10))

const passTime: Step = (world) => {
  world.now += world.below(5000)
}

/** Less than clocks may differ. */
const turnClockLittle: Step = (world) => {
  anyNode(world).skew = world.below(50_000) - 25_000
}

/** Some further off than clocks may be: what they write waits. */
const turnClock: Step = (world) => {
  anyNode(world).skew = world.below(180_000) - 90_000
}

const restart: Step = (world) => world.restart(anyNode(world))

const kill: Step = async (world) => {
  const node = anyNode(world)
  world.kill(node)
  if (world.random.next() < 0.5) await world.start(node)
}

const boot: Step = (world) => world.start(anyNode(world))

const breakDisk: Step = (world) => {
  const healthy = world.below(3)
  anyNode(world).faults.push(
    ...Array.from({ length: healthy }, () => undefined),
    world.pick(['failed', 'full', 'unknown'] as const)
  )
}

const backUp: Step = (world) => world.backUp(anyNode(world))

const restore: Step = (world) => {
  const node = anyNode(world)
  return world.restore(node, node)
}

/** Writes, loses that, and writes something else under the same numbers. */
const relive: Step = async (world) => {
  const node = anyNode(world)
  await world.backUp(node)
  await world.write(node, { key: key(world), value: content(world) })
  if (world.random.next() < 0.7) await world.repair(anyNode(world), node)
  await world.restore(node, node)
  await world.write(node, { key: key(world), value: content(world) })
}

const clone: Step = (world) => world.restore(anyNode(world), anyNode(world))

/** One may be gone for ever, with what it alone knew. */
const die: Step = (world) => {
  if (world.nodes.some(({ dead }) => dead)) return
  const node = anyNode(world)
  world.kill(node)
  node.dead = true
}

const WHOLE_SESSIONS = [
  [8, put],
  [2, remove],
  [6, (world: MemoryWorld) => world.deliver(false)],
  [2, (world: MemoryWorld) => world.deliver(true)],
  [3, (world: MemoryWorld) => world.drop()],
  [2, repairSome],
  [3, passTime],
  [1, restart]
] as const

const BASIC = [...WHOLE_SESSIONS, [2, repairCut], [1, turnClock]] as const

const CRASHES = [
  [1, kill],
  [2, boot],
  [1, breakDisk]
] as const

const COPIES = [
  [1, die],
  [2, backUp],
  [2, restore],
  [1, clone],
  [2, relive]
] as const

/** The owner's next word, which it gives to one node; repair brings it to the others. */
async function say(world: MemoryWorld, body: Omit<StatementBody, 'number'>): Promise<void> {
  const owner = world.nodes[1]
  if (owner?.replica === undefined) return
  const number = 1 + Math.max(0, ...owner.replica.statements.map((said) => said.number))
  const said = { ...body, number } as StatementBody
  const statement = createStatement(world.space.id, said, world.owner)
  await world.admit(owner, statement.bytes)
}

const grant: Step = (world) => {
  const { author } = anyNode(world).signer
  const prefix = world.random.next() < 0.6 ? '' : `${world.pick(['a', 'b'])}/`
  return say(world, { kind: 'grant', role: 'write', prefix, author } as never)
}

const revoke: Step = async (world) => {
  const { author } = anyNode(world).signer
  const entries = [...(world.nodes[1]?.replica?.vector ?? [])]
  const cuts = entries
    .filter(() => world.random.next() < 0.6)
    .map(([writer, covered]) => ({ writer, sequence: world.below(greatest(covered) + 1) }))
  const endsGrants = world.random.next() < 0.5
  await say(world, { kind: 'revocation', endsGrants, cuts, author } as never)
}

const putBelow: Step = (world) => {
  const node = anyNode(world)
  const corner = cornerOf(world.pick(world.nodes).signer.author)
  const prefix = world.pick(['', 'a/', 'b/', corner])
  return world.write(node, { key: prefix + key(world), value: content(world) })
}

/** Everybody but those who hear of nobody. */
export async function repairAll(world: MemoryWorld): Promise<void> {
  for (const a of world.nodes) {
    for (const b of world.nodes) if (a !== b) await world.repair(a, b)
  }
}

/** One node is alone for longer than tombstones live, and the others delete meanwhile. */
const solitude: Step = async (world) => {
  // A deletion that nobody hears of while tombstones live is lost; so one of the others does.
  if (world.random.next() < 0.5) await repairAll(world)
  const node = world.pick(world.nodes)
  await world.repair(node, world.pick(world.nodes.filter((other) => other !== node)))
  node.isolated = true
  world.network.length = 0
  const hours = 10 + world.below(45)
  for (let hour = 0; hour < hours; hour += 4) {
    const others = world.nodes.filter((other) => other !== node)
    if (hour < 20 && world.random.next() < 0.6) {
      await world.write(world.pick(others), { key: key(world), value: undefined })
    }
    for (let count = world.below(4); count > 0; count -= 1) await world.deliver(false)
    if (world.random.next() < 0.2) await world.restart(node)
    world.now += 4 * HOUR_MS
    await repairAll(world)
  }
  node.isolated = false
  // Gossip does not live for days.
  world.network.length = 0
}

const hours: Step = async (world) => {
  world.now += HOUR_MS
  await repairAll(world)
}

export const PROFILES: readonly Profile[] = [
  { name: 'faulty links and processes', nodes: 4, keepsAll: true, steps: [...BASIC, ...CRASHES] },
  {
    name: 'an author that dies',
    nodes: 4,
    keepsAll: true,
    auditFree: true,
    steps: [...WHOLE_SESSIONS, [1, turnClockLittle], [3, restart], [2, die]]
  },
  { name: 'restored and cloned disks', nodes: 4, steps: [...BASIC, ...CRASHES, ...COPIES] },
  { name: 'a liar', nodes: 4, liar: true, steps: [...BASIC, [3, repairSome]] },
  {
    name: 'a liar among restored disks',
    nodes: 5,
    liar: true,
    steps: [...BASIC, ...CRASHES, ...COPIES, [3, repairSome]]
  },
  {
    name: 'grants and revocations',
    nodes: 4,
    kind: 'members',
    steps: [...BASIC, ...CRASHES, [4, grant], [1, revoke], [8, putBelow]]
  },
  {
    name: 'little room',
    nodes: 4,
    quota: 2,
    keepsAll: true,
    steps: [...BASIC, ...CRASHES]
  },
  {
    name: 'time',
    nodes: 4,
    // Solitude is long by itself.
    length: 30,
    deletions: true,
    steps: [
      [8, put],
      [4, remove],
      [3, putExpiring],
      [6, (world: MemoryWorld) => world.deliver(false)],
      [4, repairSome],
      [3, passTime],
      [1, hours],
      [1, solitude],
      [1, restart]
    ]
  }
]

export function profileOf(name: string): Profile {
  const profile = PROFILES.find((known) => known.name === name)
  if (profile === undefined) throw new TypeError(`there is no profile "${name}"`)
  return profile
}

/** Seeds take turns. */
export function profileOfSeed(seed: number): Profile {
  const profile = PROFILES[seed % PROFILES.length]
  if (profile === undefined) throw new TypeError('there are no profiles')
  return profile
}
