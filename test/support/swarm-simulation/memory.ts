/** The shared memory of a simulated node: replica, live updates and keeper are ours, the wire between them is not. */
import type { Clock } from '../../../core/clock.ts'
import { silentLogger } from '../../../core/logger.ts'
import type { PubSub } from '../../../core/pubsub.ts'
import type { Random } from '../../../core/random.ts'
import { createGaps } from '../../../memory/replica/gaps.ts'
import { createKeeper } from '../../../memory/repair/keeper.ts'
import { spaceTopic } from '../../../memory/live/message.ts'
import { createLiveQueue } from '../../../memory/live/receiver.ts'
import { createLive } from '../../../memory/live/live.ts'
import { createResponder, repair } from '../../../memory/repair/repair.ts'
import type { RepairPeer } from '../../../memory/repair/repair.ts'
import { openReplica } from '../../../memory/replica/replica.ts'
import type { Replica } from '../../../memory/replica/replica.ts'
import { sharedSpace } from '../../../memory/spaces/space.ts'
import type { Session } from '../../../protocols/session/session.ts'
import type { Store } from '../../../storage/store.ts'
import { createBlame } from '../../../trust/blame.ts'
import { toySigner, toyVerify } from '../memory-world.ts'
import type { Network } from './network.ts'
import type { SimulatedSessions } from './sessions.ts'

const SPACE = sharedSpace('simulated')
export const MEMORY_TOPIC = spaceTopic(SPACE.id)

/** A summary, a vector, a batch of few records: what a call of repair weighs, each way. */
const CALL_BYTES = 200

export interface SimulatedMemory {
  readonly replica: Replica
  /** As `peer` asks it. */
  responder(peer: string): RepairPeer
  /** Writes and tells. */
  put(key: string): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface MemoryComponents {
  readonly clock: Clock
  readonly random: Random
  readonly store: Store
  readonly sessions: SimulatedSessions
  readonly pubsub: PubSub
  readonly network: Network
  readonly memoryOf: (peer: string) => SimulatedMemory | undefined
}

export async function openMemory(components: MemoryComponents): Promise<SimulatedMemory> {
  const { clock, random, store, sessions, pubsub } = components
  const self = sessions.host.peer
  const base = {
    clock,
    random,
    logger: silentLogger,
    blame: createBlame({ clock, logger: silentLogger })
  }
  const replica = await openReplica(
    { clock, random, store, signer: toySigner(self), verify: toyVerify },
    { space: SPACE, continueWriter: true }
  )
  const gaps = createGaps(replica)
  const keeper = createKeeper(
    {
      ...base,
      sessions,
      async repair(_, session, signal) {
        const settle = gaps.begin()
        const client = distant(components, session, signal)
        const result = await repair(replica, { ...client, id: session.peer })
        if (result.equal) settle()
        return result
      }
    },
    { self }
  )
  const live = createLive(
    { ...base, pubsub, queue: createLiveQueue(), authorsOf: (peer) => [toySigner(peer).author] },
    {
      topic: () => MEMORY_TOPIC,
      replica,
      gaps,
      onGap: (peers) => keeper.missing(SPACE.id, peers, () => gaps.open),
      onDifference: (peer) => keeper.differs(SPACE.id, peer)
    }
  )
  return {
    replica,
    responder: (peer) => telling(createResponder(replica), () => keeper.brought(SPACE.id, peer)),
    async put(key) {
      live.tell(await replica.write({ key, value: Buffer.from(key) }))
    },
    async start() {
      await live.start()
      await keeper.start()
      keeper.add(SPACE.id)
    },
    async stop() {
      await keeper.stop()
      await live.stop()
    }
  }
}

/** What peers bring is passed on. */
function telling(responder: RepairPeer, brought: () => void): RepairPeer {
  return {
    ...responder,
    async push(batch) {
      const receipt = await responder.push(batch)
      if (receipt.applied > 0) brought()
      return receipt
    }
  }
}

/** The memory of the peer, as far away as it is; ends when the session does. */
function distant(
  { network, sessions, memoryOf }: MemoryComponents,
  { peer }: Session,
  signal: AbortSignal
): RepairPeer {
  async function travel(): Promise<RepairPeer> {
    const [from, to] = [sessions.host, network.host(peer)]
    const memory = memoryOf(peer)
    if (to === undefined || memory === undefined) throw new TypeError(`${peer} has no memory`)
    for (const [a, b] of [
      [from, to],
      [to, from]
    ] as const) {
      const arrives = network.carry(a, b, CALL_BYTES)
      // A keeper gives such a repair up when the session ends, after as long.
      await network.time.sleep(arrives ? network.wayMs(a, b, CALL_BYTES) : SILENCE_MS, signal)
      signal.throwIfAborted()
      if (!arrives) throw new Error('the peer does not answer')
    }
    return memory.responder(sessions.host.peer)
  }
  async function* through<T>(ask: (peer: RepairPeer) => AsyncIterable<T>): AsyncIterable<T> {
    yield* ask(await travel())
  }
  return {
    summary: async () => (await travel()).summary(),
    statements: async () => (await travel()).statements(),
    admit: async (statements) => (await travel()).admit(statements),
    vector: async () => (await travel()).vector(),
    pull: (vector) => through((asked) => asked.pull(vector)),
    push: async (batch) => (await travel()).push(batch),
    writers: async () => (await travel()).writers(),
    blocks: async (writer) => (await travel()).blocks(writer),
    names: async (writer, block) => (await travel()).names(writer, block),
    records: (writer, names) => through((asked) => asked.records(writer, names))
  }
}

const SILENCE_MS = 15_000
