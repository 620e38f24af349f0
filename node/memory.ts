/** Joins the shared memory of a node: its key writes, its database keeps, its sessions and gossip carry. */
import { LumosError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { createSharedMemory } from '../memory/spaces/open-spaces.ts'
import type { NodeMemory } from '../memory/spaces/open-spaces.ts'
import { createSigner } from '../memory/replica/record-signature.ts'
import { keyOfPeer } from '../trust/author-key.ts'
import { quotasOf } from '../trust/role-quotas.ts'
import type { NodeConfig } from './config/schema.ts'
import type { NodeDatabase } from './database.ts'
import { createListedAuthors } from './libp2p/listed-authors.ts'
import type { NodeComponents, Wire } from './wire.ts'

export interface MemoryComponents extends NodeComponents {
  readonly wire: Wire
  readonly database: NodeDatabase
}

/** Of the raw private key of libp2p, the rest is the public key. */
const SEED_BYTES = 32

export function createNodeMemory(
  { clock, random, logger, wire, database }: MemoryComponents,
  { memory: { enabled, gossip } }: NodeConfig
): NodeMemory {
  if (!enabled) return noMemory()
  const { identity, author, authority, nodeSwarm, sessions, pubsub, blame, swarm, meters } = wire
  const seed = new Secret(author.privateKey.reveal().raw.slice(0, SEED_BYTES))
  return createSharedMemory(
    {
      clock,
      random,
      logger: logger.child('memory'),
      store: () => database.store,
      signer: createSigner(seed),
      seed,
      authorsOf: (peer) => nodeSwarm.idsOf(peer).map(keyOfPeer),
      listedAuthors: createListedAuthors(nodeSwarm.book),
      mayRead: (peer) => authority.judge(peer, { operation: 'memory.read' }).allowed,
      mayWrite: (peer) => authority.judge(peer, { operation: 'memory.write' }).allowed,
      sessions,
      pubsub: gossip ? pubsub : undefined,
      quotaOf: (peer) => quotasOf(nodeSwarm.roleOf(peer)),
      blame,
      meter: meters.memory
    },
    {
      self: identity.peer,
      swarm: swarm.id,
      // Its own records are on disk before anybody hears of them: only damage can have lost any.
      isWhole: () => database.findings.length === 0
    }
  )
}

/** A node that keeps none: there is no space, and peers are told that they ask for something unknown. */
function noMemory(): NodeMemory {
  const nothing = { start: () => Promise.resolve(), stop: () => Promise.resolve() }
  return {
    ...nothing,
    exchange: nothing,
    space: unknownSpace,
    spaces: () => [],
    held: () => [],
    storeOf: unknownSpace,
    create: async ({ name }) => unknownSpace(name),
    forget: async (name) => unknownSpace(name),
    forgotten: () => [],
    join: async (name) => unknownSpace(name)
  }
}

function unknownSpace(space: string): never {
  throw new LumosError('SPACE_UNKNOWN', { details: { space } })
}
