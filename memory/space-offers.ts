/** Tells nodes of the spaces that they may read, so that a grant of the owner is all they need. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { createByteReader, createByteWriter } from '../core/bytes.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { createReplicationClient } from '../protocols/replication/client.ts'
import { REPLICATION_METHODS } from '../protocols/replication/constants.ts'
import type { Session, Sessions } from '../protocols/session/session.ts'
import type { Blame } from '../trust/blame.ts'
import type { MemoryId } from './record.ts'
import type { Verify } from './record-signature.ts'
import { decodeSpace } from './space.ts'
import type { Space } from './space.ts'

export interface SpaceOffersComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly sessions: Pick<Sessions, 'events' | 'all' | 'methods'>
  readonly blame: Pick<Blame, 'add'>
  readonly verify: Verify
  /** Spaces with an owner that `peer` may read, as far as this node knows. */
  readonly spacesFor: (peer: PeerIdText) => readonly Space[]
  /** What those were told last who may read no more: they would go on writing what counts nowhere. */
  readonly farewellsTo: (peer: PeerIdText) => readonly Farewell[]
  /** Takes up a space that this node may not have yet. */
  readonly adopt: (space: Space) => Promise<void>
}

export interface Farewell {
  readonly space: MemoryId
  /** Statements of the owner about the peer. */
  readonly statements: readonly Uint8Array[]
}

export interface SpaceOffers extends Component {
  /** Tells everybody who is there: one of them may have been let in just now. */
  tellAll(): void
}

const NOTHING = new Uint8Array()

/** Registers the method; it refuses everything before the start and after the stop. */
export function createSpaceOffers(components: SpaceOffersComponents): SpaceOffers {
  const { clock, logger, sessions, blame, verify, spacesFor, farewellsTo, adopt } = components
  let stopping: AbortController | undefined
  /** One after the other: two peers often offer the same. */
  let adopting: Promise<void> = Promise.resolve()

  async function take(body: Uint8Array): Promise<void> {
    for (const genesis of decodeOffer(body)) {
      if (stopping === undefined) return
      await adopt(await decodeSpace(genesis, verify))
    }
  }

  sessions.methods.request(REPLICATION_METHODS.offer, async (body, { peer }) => {
    const taken = adopting.then(() => take(body))
    adopting = taken.catch(() => undefined)
    try {
      await taken
    } catch (error) {
      if (toLumosError(error).code === 'SPACE_INVALID') blame.add(peer, 1)
      throw error
    }
    return NOTHING
  })

  async function tellNow(session: Session, stopped: AbortSignal): Promise<void> {
    const { peer } = session
    const signal = AbortSignal.any([stopped, clock.timeout(LIMITS.memoryCall.value)])
    const spaces = spacesFor(peer).slice(0, LIMITS.memorySpaces.value)
    if (spaces.length > 0) {
      await session.request(REPLICATION_METHODS.offer, encodeOffer(spaces), { signal })
    }
    for (const { space, statements } of farewellsTo(peer)) {
      await createReplicationClient({ clock, session }, { space, signal }).admit(statements)
    }
  }

  const tell = (session: Session): void => {
    if (stopping === undefined) return
    // A node without shared memory does not know the methods; one that fails is told when it comes again.
    tellNow(session, stopping.signal).catch((error: unknown) => {
      const { code } = toLumosError(error)
      logger.debug('a peer was not told of spaces', { peer: session.peer, code })
    })
  }
  const tellAll = (): void => {
    for (const session of sessions.all()) tell(session)
  }

  return {
    tellAll,
    async start() {
      if (stopping !== undefined) return
      stopping = new AbortController()
      sessions.events.on('opened', tell)
      tellAll()
    },
    async stop() {
      sessions.events.off('opened', tell)
      stopping?.abort()
      stopping = undefined
      await adopting
    }
  }
}

/** Genesis by genesis, each after its length. */
function encodeOffer(spaces: readonly Space[]): Uint8Array {
  const writer = createByteWriter()
  writer.u16(spaces.length)
  for (const { bytes } of spaces) {
    writer.u16(bytes.length)
    writer.bytes(bytes)
  }
  return writer.take()
}

/** @throws SPACE_INVALID */
function decodeOffer(body: Uint8Array): Uint8Array[] {
  const reader = createByteReader(body, invalid)
  const count = reader.u16()
  if (count > LIMITS.memorySpaces.value) throw invalid('too many at once')
  const offered = Array.from({ length: count }, () => reader.bytes(reader.u16()))
  reader.end()
  return offered
}

function invalid(reason: string): LumosError {
  return new LumosError('SPACE_INVALID', { details: { reason } })
}
