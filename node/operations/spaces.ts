/** Spaces of shared memory on request of a person: make, show, grant, revoke. */
import { API_VERSION } from '../../client/api.ts'
import type { NodeName, SpaceDocument, SpaceSummary } from '../../client/memory-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { SpaceOperations } from '../../gateway/control/memory-operations.ts'
import type { AuthorKey } from '../../memory/replica/record.ts'
import type { MemorySpace, SharedMemory } from '../../memory/shared-memory.ts'
import type { Space } from '../../memory/spaces/space.ts'
import { currentGrants } from '../../memory/spaces/space-owner.ts'
import { keyOfPeer, peerOfKey } from '../../trust/author-key.ts'
import { nodeName } from './memory.ts'

export interface SpaceOperationsComponents {
  readonly clock: Clock
  readonly spaces: Pick<
    SharedMemory,
    'space' | 'spaces' | 'create' | 'forget' | 'forgotten' | 'join'
  >
  readonly self: PeerIdText
  /** Empty for a node that was never heard of. */
  readonly nameOf: (peer: PeerIdText) => string
  /** @throws PEER_UNKNOWN, PEER_AMBIGUOUS */
  readonly select: (selector: string) => PeerIdText
}

export function createSpaceOperations(components: SpaceOperationsComponents): SpaceOperations {
  const { clock, spaces, self, nameOf } = components

  const named = (author: AuthorKey): NodeName => nodeName(peerOfKey(author), nameOf)

  function summaryOf(space: Space): SpaceSummary {
    const { name, id, mode, sealed } = space
    const owner = space.owner === undefined ? null : named(space.owner)
    return { name, id, mode, sealed, owner, own: owner?.id === self }
  }

  function documentOf(memory: MemorySpace): SpaceDocument {
    const { valueBytes, authorRecords, authorBytes, tombstoneMs } = memory.space
    const { grants, revoked } = currentGrants(memory.statements)
    return {
      v: API_VERSION,
      space: {
        ...summaryOf(memory.space),
        limits: { valueBytes, authorRecords, authorBytes, tombstoneMs },
        grants: grants.map(({ author, role, prefix, notAfter }) => ({
          peer: named(author),
          role,
          prefix,
          ...(notAfter !== undefined && { until: new Date(notAfter).toISOString() })
        })),
        revoked: revoked.map(named)
      }
    }
  }

  return {
    list: async () => ({
      v: API_VERSION,
      spaces: spaces.spaces().map(({ space }) => summaryOf(space)),
      forgotten: spaces.forgotten().map(summaryOf)
    }),
    show: async (name) => documentOf(spaces.space(name)),
    create: async ({ name, mode = 'members', sealed = false }) =>
      documentOf(await spaces.create({ name, mode, sealed })),
    async grant(name, { peer, role, prefix = '', ttlMs }) {
      const space = spaces.space(name)
      const notAfter = ttlMs === undefined ? {} : { notAfter: clock.now() + ttlMs }
      await space.grant(keyOf(peer, components), { role, prefix, ...notAfter })
      return documentOf(space)
    },
    async revoke(name, peer) {
      const space = spaces.space(name)
      await space.revoke(keyOf(peer, components))
      return documentOf(space)
    },
    forget: async (name, request) => ({
      v: API_VERSION,
      space: summaryOf(await spaces.forget(name, request))
    }),
    join: async (name) => documentOf(await spaces.join(name))
  }
}

/** Also of a node that was never heard of, when its whole PeerId is given. */
function keyOf(selector: string, { select }: SpaceOperationsComponents): AuthorKey {
  try {
    return keyOfPeer(select(selector))
  } catch (error) {
    if (!(error instanceof LumosError) || error.code !== 'PEER_UNKNOWN') throw error
    return keyOfStranger(selector, error)
  }
}

function keyOfStranger(peer: string, unknown: LumosError): AuthorKey {
  try {
    return keyOfPeer(peer)
  } catch {
    throw unknown
  }
}
