/** What peers are told of the spaces of this node, and how each is repaired with them: only with who may read it. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { Keeper } from '../repair/keeper.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import { createResponder, repair } from '../repair/repair.ts'
import type { RepairPeer, RepairResult } from '../repair/repair.ts'
import { createSessionPeer } from '../repair/session-peer.ts'
import type { OpenedSpace } from './opened-space.ts'
import type { Space } from './space.ts'
import type { Farewell } from './space-offers.ts'

export interface SpaceExchangeComponents {
  readonly clock: Clock
  readonly sessions: Pick<Sessions, 'all'>
  readonly authorsOf: (peer: PeerIdText) => readonly AuthorKey[]
  /** Whether a peer may read any space at all; default: all may. Then the space decides. */
  readonly mayRead?: (peer: PeerIdText) => boolean
  readonly spaces: ReadonlyMap<MemoryId, OpenedSpace>
  readonly keeper: () => Pick<Keeper, 'met' | 'served' | 'brought'>
}

export interface SpaceExchange {
  /** Spaces with an owner that `peer` may read. */
  readonly readableFor: (peer: PeerIdText) => readonly Space[]
  readonly farewellsTo: (peer: PeerIdText) => readonly Farewell[]
  /** @throws SPACE_UNKNOWN also for one that `peer` may not read */
  readonly responder: (space: MemoryId, peer: PeerIdText) => RepairPeer
  readonly repair: (space: MemoryId, session: Session, signal: AbortSignal) => Promise<RepairResult>
}

export function createSpaceExchange(components: SpaceExchangeComponents): SpaceExchange {
  const { clock, sessions, authorsOf, spaces, keeper } = components
  const isReader = (peer: PeerIdText): boolean => components.mayRead?.(peer) !== false

  function mayRead({ replica }: OpenedSpace, peer: PeerIdText): boolean {
    return isReader(peer) && authorsOf(peer).some((author) => replica.mayRead(author))
  }

  function find(space: MemoryId, peer: PeerIdText): OpenedSpace {
    const opened = spaces.get(space)
    // Who may not read is not told that it is here.
    if (opened === undefined || !mayRead(opened, peer)) throw unknownSpace(space)
    return opened
  }

  /** A space that was just taken up has nothing to tell, and learns by this who may know of it. */
  function findForRepair(space: MemoryId, peer: PeerIdText): OpenedSpace {
    const opened = spaces.get(space)
    const { held, statements } = opened?.replica ?? {}
    const isNew = held?.records === 0 && statements?.length === 0
    return opened && isNew && isReader(peer) ? opened : find(space, peer)
  }

  return {
    readableFor: (peer) =>
      [...spaces.values()].flatMap((opened) => {
        const { space } = opened.replica
        return space.owner !== undefined && mayRead(opened, peer) ? [space] : []
      }),
    farewellsTo(peer) {
      const authors = authorsOf(peer)
      return [...spaces.values()].flatMap((opened) => {
        if (mayRead(opened, peer)) return []
        const { replica } = opened
        const said = replica.statements.filter(({ author }) => authors.includes(author))
        const revocations = said.filter(({ kind }) => kind === 'revocation')
        if (revocations.length === 0) return []
        return [{ space: replica.space.id, statements: revocations.map(({ bytes }) => bytes) }]
      })
    },
    responder(space, peer) {
      const responder = createResponder(find(space, peer).replica)
      keeper().met(space, peer)
      return watched(responder, {
        served: () => keeper().served(space, peer),
        brought: () => keeper().brought(space, peer),
        peer
      })
    },
    async repair(space, session, signal) {
      // It may be told only what the peer may know: the same rule in both directions.
      const { replica, gaps } = findForRepair(space, session.peer)
      const settle = gaps.begin()
      const requireReader = (): void => void find(space, session.peer)
      const peer = createSessionPeer({ clock, session }, { space, signal, requireReader })
      const result = await repair(replica, peer)
      if (result.equal) settle(session.peer, sessions.all().length)
      return result
    }
  }
}

interface Caller {
  readonly peer: PeerIdText
  readonly served: () => void
  readonly brought: () => void
}

/** Only what moves records is a repair: others are asked by people who look at the status, too. */
function watched(responder: RepairPeer, { peer, served, brought }: Caller): RepairPeer {
  return {
    ...responder,
    pull(vector) {
      served()
      return responder.pull(vector)
    },
    async push(batch) {
      served()
      const receipt = await responder.push({ ...batch, from: peer })
      if (receipt.applied > 0) brought()
      return receipt
    }
  }
}

export function unknownSpace(space: string): LumosError {
  return new LumosError('SPACE_UNKNOWN', { details: { space } })
}
