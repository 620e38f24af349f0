/** A node reduced to network, sessions, gossip and peer finding: what the mesh tests are about. */
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import type { PubSub } from '../../core/pubsub.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { createGossipCircle } from '../../node/libp2p/gossip-circle.ts'
import { createNetwork } from '../../node/libp2p/network.ts'
import type { Network, NetworkInit } from '../../node/libp2p/network.ts'
import { followingMoved } from '../../node/libp2p/moved-peers.ts'
import { createPeerFinding } from '../../node/peer-finding.ts'
import type { PeerFinding, PeerFindingInit } from '../../node/peer-finding.ts'
import { createPubSub } from '../../node/libp2p/pubsub.ts'
import { createWall } from '../../node/libp2p/wall.ts'
import { createStreamHost } from '../../protocols/frames/host.ts'
import type { Sessions } from '../../protocols/session/session.ts'
import { createSessions } from '../../protocols/session/sessions.ts'
import { createBlame } from '../../trust/blame.ts'
import type { Blame } from '../../trust/blame.ts'
import { identityOf } from '../../trust/identity.ts'
import type { Identity } from '../../trust/identity.ts'
import { createMembership } from '../../trust/membership.ts'
import { quotasOf } from '../../trust/role-quotas.ts'
import type { Swarm } from '../../trust/swarm.ts'

export const TEST_TOPIC = '/lumos/presence/1/test'

export interface MeshNode {
  readonly peer: string
  readonly network: Network
  readonly sessions: Sessions
  readonly finding: PeerFinding
  readonly pubsub: PubSub
  readonly blame: Pick<Blame, 'points'>
  stop(): Promise<void>
}

export interface MeshNodeInit extends Partial<PeerFindingInit> {
  readonly identity?: Identity
  readonly swarm?: Swarm
  readonly listen?: readonly string[]
  readonly network?: Partial<NetworkInit>
  /** Where peers said that they are; by default none did. */
  readonly addressesOf?: (peer: string) => readonly string[]
  /** Whether it looks for peers by itself; so it does unless this says no. */
  readonly looks?: boolean
}

/** A private swarm whose key is this byte over and over, plus a count. */
export function testSwarm(seed = 1): Swarm {
  const key = Uint8Array.from({ length: 32 }, (_, index) => seed + index)
  return { name: 'test', id: Buffer.from(key.subarray(0, 8)).toString('hex'), key: new Secret(key) }
}

/** The same key for the same seed. */
export async function seededIdentity(seed: number): Promise<Identity> {
  return identityOf(await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(seed)))
}

/** Listens on loopback unless told otherwise; every port is chosen by the system. */
export async function startMeshNode(init: MeshNodeInit = {}): Promise<MeshNode> {
  const { swarm = testSwarm(), listen = ['/ip4/127.0.0.1/tcp/0'], name = 'test-node' } = init
  const { addressesOf = () => [] } = init
  const shared = { clock: systemClock, random: systemRandom, logger: silentLogger }
  const identity = init.identity ?? identityOf(await generateKeyPair('Ed25519'))
  const blame = createBlame(shared)
  const members = swarm.key === undefined ? [] : [swarm.key.reveal()]
  const wall = swarm.key && createWall({ ...shared, keys: () => ({ members, doors: [] }) })
  const circle = createGossipCircle()
  const trust = { identity, wall, membership: createMembership(), blame, onGuest: () => undefined }
  const network = await createNetwork(
    { ...shared, ...trust, circle },
    {
      listen,
      agentVersion: 'lumos/test',
      natTraversal: false,
      ...init.network
    }
  )
  const instance = init.instance ?? Buffer.from(systemRandom.bytes(8)).toString('hex')
  const sessions = createSessions(
    {
      ...shared,
      host: createStreamHost({
        ...shared,
        libp2p: followingMoved({ ...shared, ...network, addressesOf })
      }),
      permit: () => undefined,
      hello: () => ({ swarm: swarm.id, name, version: '0.0.0', fields: {} })
    },
    { instance }
  )
  circle.follow(sessions)
  const finding = createPeerFinding(
    { ...shared, network, sessions, onDuplicateKey: () => undefined },
    { ...init, swarm, name, instance }
  )
  const parts = init.looks === false ? [network, sessions] : [network, sessions, finding]
  async function stop(): Promise<void> {
    for (const part of parts.toReversed()) await part.stop()
  }
  try {
    for (const part of parts) await part.start()
  } catch (error) {
    await stop()
    throw error
  }
  const gossip = network.libp2p.services.pubsub
  const alike = { quotaOf: () => quotasOf('member'), isMember: () => true }
  const pubsub = createPubSub({ ...shared, ...alike, gossip, blame })
  return {
    peer: identity.peer,
    network,
    sessions,
    finding,
    pubsub,
    blame,
    stop
  }
}
