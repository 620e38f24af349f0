/** Replicas of one space whose clocks, disks, processes and links fail at random, from one seed. */
import { hash } from 'node:crypto'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { MemoryRecord } from '../../memory/replica/record.ts'
import type { Signer, Verify } from '../../memory/replica/record-signature.ts'
import { createResponder, repair } from '../../memory/repair/repair.ts'
import type { RepairPeer, RepairResult } from '../../memory/repair/repair.ts'
import { openReplica } from '../../memory/replica/replica.ts'
import type { RecordBatch, Replica } from '../../memory/replica/replica.ts'
import type { Draft } from '../../memory/replica/replica-writer.ts'
import { createSpace, DEFAULT_QUOTAS, sharedSpace } from '../../memory/spaces/space.ts'
import type { Space } from '../../memory/spaces/space.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import type { Fault, FaultPlan, MemoryStore } from '../../storage/memory-store.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { lyingPeer, mislead } from './memory-liar.ts'
import { seededRandom } from './random.ts'

export const HOUR_MS = 3_600_000
/** Short, so that a schedule can outlive tombstones. */
const TOMBSTONE_MS = 20 * HOUR_MS
/** Later messages fall out: nothing depends on gossip. */
const NETWORK_MESSAGES = 40

/** Bugs that the simulation must find. */
export interface Mutation {
  readonly store?: (store: Store) => Store
  readonly replica?: (replica: Replica) => Replica
  readonly verify?: Verify
}

/** Not Ed25519, which would take most of the time; nobody but the liar forges here, and badly. */
export function toySigner(name: string): Signer {
  return toySignerOf(hash('sha256', name, 'hex'))
}

export function toySignerOf(author: string): Signer {
  return { author, sign: (message) => toySignature(author, message) }
}

export const toyVerify: Verify = async (author, message, signature) =>
  toySignature(author, message).equals(signature)

function toySignature(author: string, message: Uint8Array): Buffer {
  return hash('sha512', Buffer.concat([Buffer.from(author, 'hex'), message]), 'buffer')
}

export interface SimulatedNode {
  readonly index: number
  signer: Signer
  skew: number
  disk: MemoryStore
  /** What the next commits come to. */
  readonly faults: (Fault | undefined)[]
  replica: Replica | undefined
  readonly liar: boolean
  /** Never comes back. */
  dead: boolean
  /** Hears of nobody. */
  isolated: boolean
  backup: readonly Operation[] | undefined
}

interface Message {
  readonly to: number
  readonly batch: RecordBatch
}

export interface WorldInit {
  readonly seed: number
  readonly nodes: number
  /** The first node lies. */
  readonly liar: boolean
  readonly kind: 'shared' | 'members'
  /** How many records one author may hold; as in every space without one. */
  readonly quota?: number | undefined
  readonly mutation: Mutation
}

export class MemoryWorld {
  /** Some minutes after a full hour. */
  now = 1_790_002_800_000 + 300_000
  readonly random: Random
  readonly space: Space
  readonly owner = toySigner('node 1')
  readonly nodes: SimulatedNode[] = []
  readonly network: Message[] = []
  /** Writes that were told to be done. */
  readonly acknowledged: { readonly node: SimulatedNode; readonly record: MemoryRecord }[] = []
  readonly repairs: RepairResult[] = []
  readonly #mutation: Mutation

  constructor({ seed, nodes, liar, kind, quota, mutation }: WorldInit) {
    this.random = seededRandom(seed)
    this.#mutation = mutation
    const space = spaceOf(kind, this.owner)
    this.space = { ...space, authorRecords: quota ?? space.authorRecords }
    for (let index = 0; index < nodes; index += 1) {
      const faults: (Fault | undefined)[] = []
      this.nodes.push({
        index,
        signer: toySigner(`node ${index}`),
        skew: 0,
        disk: createMemoryStore(planOf(faults)),
        faults,
        replica: undefined,
        liar: liar && index === 0,
        dead: false,
        isolated: false,
        backup: undefined
      })
    }
  }

  below(count: number): number {
    return Math.floor(this.random.next() * count)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new TypeError('nothing to pick from')
    return item
  }

  async start(node: SimulatedNode): Promise<void> {
    if (node.replica !== undefined || node.dead) return
    const store = this.#mutation.store?.(node.disk) ?? node.disk
    const replica = await openReplica(
      {
        clock: { now: () => this.now + node.skew },
        random: this.random,
        store,
        signer: node.signer,
        verify: this.#mutation.verify ?? toyVerify
      },
      { space: this.space, continueWriter: true }
    )
    node.replica = this.#mutation.replica?.(replica) ?? replica
  }

  /** The power of the machine fails: what was not synced may be gone. */
  kill(node: SimulatedNode): void {
    node.replica = undefined
    node.faults.length = 0
    node.disk = node.disk.crash(this.random, planOf(node.faults))
  }

  /** An ordinary end and start: what is known of digests is saved. */
  async restart(node: SimulatedNode): Promise<void> {
    await this.#guarded(node, (replica) => replica.rest())
    node.replica = undefined
    await this.start(node)
  }

  /** What the disk holds, for {@link restore}. */
  async backUp(node: SimulatedNode): Promise<void> {
    const operations: Operation[] = []
    for await (const [key, value] of node.disk.iterate({})) {
      operations.push({ type: 'put', key, value })
    }
    node.backup = operations
  }

  /** Gives `node` the disk, and so the key, of `from` as it was. */
  async restore(node: SimulatedNode, from: SimulatedNode): Promise<void> {
    if (from.backup === undefined || node.dead) return
    node.replica = undefined
    node.signer = from.signer
    node.faults.length = 0
    node.disk = createMemoryStore(planOf(node.faults))
    await node.disk.commit(from.backup, { sync: true })
    await this.start(node)
  }

  /** Writes, tells everybody by gossip, and remembers it if it was acknowledged. */
  async write(node: SimulatedNode, draft: Draft): Promise<void> {
    await this.#guarded(node, async (replica) => {
      const record = await replica.write(draft)
      this.acknowledged.push({ node, record })
      const batch: RecordBatch = { writer: replica.writer, records: [record.bytes] }
      for (const { index } of this.nodes) {
        if (index !== node.index) this.network.push({ to: index, batch })
      }
      while (this.network.length > NETWORK_MESSAGES) this.drop()
    })
  }

  async admit(node: SimulatedNode, statement: Uint8Array): Promise<void> {
    await this.#guarded(node, (replica) => replica.admit([statement]))
  }

  drop(): void {
    this.network.splice(this.below(this.network.length), 1)
  }

  async deliver(twice: boolean): Promise<void> {
    if (this.network.length === 0) return
    const at = this.below(this.network.length)
    const message = this.network[at]
    if (!twice) this.network.splice(at, 1)
    const node = this.nodes[message?.to ?? 0]
    if (message === undefined || node === undefined || node.isolated) return
    await this.#guarded(node, async (replica) => void (await replica.receive(message.batch)))
  }

  /** A repair that `a` begins, cut after `calls` messages. */
  async repair(a: SimulatedNode, b: SimulatedNode, calls = Infinity): Promise<void> {
    const [mine, theirs] = [a.replica, b.replica]
    if (mine === undefined || theirs === undefined || a.isolated || b.isolated) return
    const peer = b.liar ? lyingPeer(theirs, this.random) : createResponder(theirs)
    try {
      // The liar does not want to learn: it calls others only to mislead them.
      if (a.liar) await mislead(mine, theirs, this.random)
      else this.repairs.push(await repair(mine, namedPeer(cutPeer(peer, calls), a, b)))
    } catch (error) {
      await this.#failed([a, b], error)
    }
  }

  async #guarded(node: SimulatedNode, action: (replica: Replica) => Promise<void>): Promise<void> {
    if (node.replica === undefined) return
    try {
      await action(node.replica)
    } catch (error) {
      await this.#failed([node], error)
    }
  }

  /** A disk that failed is mended, or takes its process with it. */
  async #failed(nodes: readonly SimulatedNode[], error: unknown): Promise<void> {
    const { code } = toLumosError(error)
    if (code === 'STORE_FAILED' || code === 'STORE_FULL') {
      for (const node of nodes) {
        if (this.random.next() < 0.5) this.kill(node)
        else await node.disk.recover()
      }
    } else if (!EXPECTED.has(code)) throw error
  }
}

/** A cut link, a liar that was found out, a write without a grant. */
const EXPECTED = new Set([
  'SESSION_CLOSED',
  'RECORD_INVALID',
  'SPACE_INVALID',
  'REPAIR_REFUSED',
  'WRITE_DENIED',
  'SPACE_FULL'
])

function spaceOf(kind: 'shared' | 'members', owner: Signer): Space {
  if (kind === 'shared') return { ...sharedSpace('swarm'), tombstoneMs: TOMBSTONE_MS }
  const genesis = { ...DEFAULT_QUOTAS, tombstoneMs: TOMBSTONE_MS, mode: kind, sealed: false }
  return createSpace(
    { ...genesis, owner: owner.author, nonce: '00'.repeat(16), name: 'simulated' },
    owner
  )
}

function planOf(faults: (Fault | undefined)[]): FaultPlan {
  return { commit: () => faults.shift() }
}

/** Both sides know who the other is, as their session proves. */
function namedPeer(peer: RepairPeer, a: SimulatedNode, b: SimulatedNode): RepairPeer {
  const [caller, id] = [`node ${a.index}`, `node ${b.index}`]
  async function* broughtBy(batches: AsyncIterable<RecordBatch>): AsyncIterable<RecordBatch> {
    for await (const batch of batches) yield { ...batch, from: id }
  }
  return {
    ...peer,
    id,
    pull: (vector) => broughtBy(peer.pull(vector)),
    records: (writer, names) => broughtBy(peer.records(writer, names)),
    push: (batch) => peer.push({ ...batch, from: caller })
  }
}

/** The same peer, until the link to it is cut. */
function cutPeer(peer: RepairPeer, calls: number): RepairPeer {
  let left = calls
  function call(): void {
    left -= 1
    if (left < 0) throw new LumosError('SESSION_CLOSED')
  }
  async function* stream<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    for await (const item of items) {
      call()
      yield item
    }
  }
  async function one<T>(answer: () => Promise<T>): Promise<T> {
    call()
    return answer()
  }
  return {
    summary: () => one(() => peer.summary()),
    statements: () => one(() => peer.statements()),
    admit: (statements) => one(() => peer.admit(statements)),
    vector: () => one(() => peer.vector()),
    pull: (vector) => stream(peer.pull(vector)),
    push: (batch) => one(() => peer.push(batch)),
    writers: () => one(() => peer.writers()),
    blocks: (writer) => one(() => peer.blocks(writer)),
    names: (writer, block) => one(() => peer.names(writer, block)),
    records: (writer, names) => stream(peer.records(writer, names))
  }
}
