/** Replicas that tell each other live, without a network in between: for tests of what is told and believed. */
import { onTestFinished, vi } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import type { MessageHandler, Verdict } from '../../core/pubsub.ts'
import { createGaps } from '../../memory/replica/gaps.ts'
import { createLive } from '../../memory/live/live.ts'
import { decodeLiveMessage, encodeLiveMessage } from '../../memory/live/message.ts'
import type { LiveMessage, Told } from '../../memory/live/message.ts'
import { createLiveQueue } from '../../memory/live/receiver.ts'
import type { LiveQueue } from '../../memory/live/receiver.ts'
import type { MemoryRecord } from '../../memory/replica/record.ts'
import type { Draft } from '../../memory/replica/replica-writer.ts'
import type { Replica } from '../../memory/replica/replica.ts'
import { createSpace, DEFAULT_QUOTAS, sharedSpace } from '../../memory/spaces/space.ts'
import type { Space, SpaceMode } from '../../memory/spaces/space.ts'
import { keyOfPeer } from '../../trust/author-key.ts'
import { testIdentity } from './identity.ts'
import { ManualClock } from './manual-clock.ts'
import { testReplica } from './memory-replicas.ts'
import { toySignerOf } from './memory-world.ts'
import { seededRandom } from './random.ts'

export const NOW = 1_790_000_000_000
const SHARED = sharedSpace('test')

/** Three that sign. */
export const PEERS = await Promise.all(
  [1, 2, 3].map(async (seed) => (await testIdentity(seed)).peer)
)

export interface LiveNode {
  readonly peer: string
  readonly replica: Replica
  readonly live: ReturnType<typeof createLive>
  readonly published: LiveMessage[]
  readonly onGap: ReturnType<typeof vi.fn<(peers: readonly string[]) => void>>
  readonly onDifference: ReturnType<typeof vi.fn<(peer: string) => void>>
  /** Points by peer. */
  readonly blamed: Map<string, number>
  hear(from: string, message: LiveMessage | Uint8Array): Promise<Verdict>
  write(draft: Partial<Draft>): Promise<MemoryRecord>
}

interface LiveNodeInit {
  readonly clock: ManualClock
  readonly space?: Space
  readonly queue?: LiveQueue
  readonly mayWrite?: (peer: string) => boolean
}

/** A replica and its live part, whose gossip is a list. */
export async function liveNode(
  index: number,
  { clock, space = SHARED, queue = createLiveQueue(), mayWrite }: LiveNodeInit
): Promise<LiveNode> {
  const peer = PEERS[index] ?? ''
  const signer = toySignerOf(keyOfPeer(peer))
  const replica = await testReplica({ name: peer, clock, space, signer })
  const published: LiveMessage[] = []
  const blamed = new Map<string, number>()
  let handler: MessageHandler = deaf
  const onGap = vi.fn<(peers: readonly string[]) => void>()
  const onDifference = vi.fn<(peer: string) => void>()
  const live = createLive(
    {
      clock,
      random: seededRandom(index),
      logger: silentLogger,
      queue,
      authorsOf: (who) => [keyOfPeer(who)],
      mayWrite,
      blame: { add: (who, points) => blamed.set(who, (blamed.get(who) ?? 0) + points) },
      pubsub: {
        publish: async (_, data) => void published.push(decodeLiveMessage(data)),
        subscribe(_, subscribed) {
          handler = subscribed
          return () => (handler = deaf)
        }
      }
    },
    { topic: () => 'topic', replica, gaps: createGaps(replica), onGap, onDifference }
  )
  await live.start()
  onTestFinished(() => live.stop())
  return {
    peer,
    replica,
    live,
    published,
    onGap,
    onDifference,
    blamed,
    hear: async (from, message) =>
      handler(from, message instanceof Uint8Array ? message : encodeLiveMessage(message), from),
    write: (draft) => replica.write({ key: 'a', value: Buffer.from('1'), ...draft })
  }
}

export function spaceOf(mode: SpaceMode, owner: string): Space {
  const signer = toySignerOf(keyOfPeer(owner))
  const nonce = '00'.repeat(16)
  const genesis = { ...DEFAULT_QUOTAS, mode, sealed: false, owner: signer.author, nonce, name: 'x' }
  return createSpace(genesis, signer)
}

export async function twoLiveNodes(spaceFor: () => Space = () => SHARED) {
  const clock = new ManualClock()
  clock.jump(NOW)
  const space = spaceFor()
  const [amber, birch] = await Promise.all([
    liveNode(0, { clock, space }),
    liveNode(1, { clock, space })
  ])
  return { clock, amber, birch }
}

/** What `node` would tell of `records`. */
export function told({ replica }: LiveNode, ...records: MemoryRecord[]): Told {
  return {
    kind: 'told',
    nonce: replica.writer.nonce,
    last: Math.max(...records.map(({ sequence }) => sequence)),
    records: records.map(({ bytes }) => bytes)
  }
}

function deaf(): Verdict {
  return 'ignore'
}

export async function clockAt(ms: number): Promise<ManualClock> {
  const clock = new ManualClock()
  clock.jump(ms)
  return clock
}
