/** Tells nodes of the spaces that they may read, so that a grant of the owner is all they need. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { createReplicationClient } from '../../protocols/replication/client.ts'
import { REPLICATION_METHODS } from '../../protocols/replication/constants.ts'
import type { ServingGate } from '../../protocols/replication/serving-gate.ts'
import type { CallContext, Session, Sessions } from '../../protocols/session/session.ts'
import type { Blame } from '../../trust/blame.ts'
import type { MemoryId } from '../replica/record.ts'
import type { Verify } from '../replica/record-signature.ts'
import type { KnownAuthors } from './known-authors.ts'
import { createPostponedSpaces } from './postponed-spaces.ts'
import { claimedId, claimedOwner, decodeSpace } from './space.ts'
import type { Space } from './space.ts'
import { createSpaceRoom } from './space-room.ts'

export interface SpaceOffersComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly sessions: Pick<Sessions, 'events' | 'all' | 'methods'>
  readonly blame: Pick<Blame, 'add'>
  readonly verify: Verify
  /** Of all that is served for peers. */
  readonly gate: ServingGate
  readonly known: KnownAuthors
  /** Calls `listener` when there are others on the members list, until what it returns is called. */
  readonly onListChanged?: ((listener: () => void) => () => void) | undefined
  /** All that this node has. */
  readonly spaces: () => readonly Space[]
  /** Those that its user does not want: no offer brings them back. */
  readonly isForgotten: (space: MemoryId) => boolean
  /** Spaces with an owner that `peer` may read, as far as this node knows. */
  readonly spacesFor: (peer: PeerIdText) => readonly Space[]
  /** What those were told last who may read no more: they would go on writing what counts nowhere. */
  readonly farewellsTo: (peer: PeerIdText) => readonly Farewell[]
  /** Takes up a space that this node has not. */
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
  const { clock, logger, sessions, spacesFor, farewellsTo, onListChanged } = components
  let stopping: AbortController | undefined
  let unheard: (() => void) | undefined
  const intake = createIntake(components, () => stopping !== undefined)

  sessions.methods.request(REPLICATION_METHODS.offer, async (body, context) => {
    if (stopping !== undefined) await intake.take(body, context)
    return NOTHING
  })

  const lookAgain = (): void => {
    if (stopping !== undefined) void intake.takePostponed(stopping.signal)
  }

  async function tellNow(session: Session, stopped: AbortSignal): Promise<void> {
    const { peer } = session
    const signal = AbortSignal.any([stopped, clock.timeout(LIMITS.memoryCall.value)])
    const readable = spacesFor(peer).slice(0, LIMITS.memorySpaces.value)
    if (readable.length > 0) {
      await session.request(REPLICATION_METHODS.offer, encodeOffer(readable), { signal })
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
      unheard = onListChanged?.(lookAgain)
      tellAll()
    },
    async stop() {
      sessions.events.off('opened', tell)
      unheard?.()
      stopping?.abort()
      stopping = undefined
      await intake.settle()
    }
  }
}

/** Who tells. */
type Teller = Pick<CallContext, 'peer' | 'signal'>

interface Intake {
  take(body: Uint8Array, teller: Teller): Promise<void>
  /** Looks again at what was told of owners who were not on the list then. */
  takePostponed(signal: AbortSignal): Promise<void>
  settle(): Promise<void>
}

function createIntake(components: SpaceOffersComponents, isRunning: () => boolean): Intake {
  const { verify, gate, spaces, isForgotten, known } = components
  /** Peers that meet tell each other of spaces and of members at the same time. */
  const postponed = createPostponedSpaces()
  const room = createSpaceRoom(spaces, known)
  /** One after the other: two peers often offer the same. */
  let adopting: Promise<void> = Promise.resolve()

  /** Those of an offer that are worth a look at their signature: what a node is told it mostly knows. */
  function newsIn(body: Uint8Array, peer: PeerIdText): Uint8Array[] {
    const here = new Set(spaces().map(({ bytes }) => textOf(bytes)))
    const told = new Map(decodeOffer(body).map((genesis) => [textOf(genesis), genesis]))
    return [...told].flatMap(([text, genesis]) => {
      const owner = claimedOwner(genesis)
      if (here.has(text) || isForgotten(claimedId(genesis))) return []
      if (owner === undefined || room.admits(owner, peer)) return [genesis]
      if (known.listed && !known.isKnown(owner)) postponed.add({ genesis, owner, peer })
      return []
    })
  }

  async function adopt(space: Space, peer: PeerIdText): Promise<void> {
    const { id, owner } = space
    // Meanwhile others may have told of it, or of more than there is room for.
    if (!isRunning() || owner === undefined || !room.admits(owner, peer)) return
    if (isForgotten(id) || spaces().some((each) => each.id === id)) return
    await components.adopt(space)
    room.note(owner, peer)
  }

  /** Waits for its turn, and costs what a record costs. */
  async function takeOne(genesis: Uint8Array, { peer, signal }: Teller): Promise<void> {
    const space = await gate.run(peer, signal, async () => {
      return { answer: await decodeSpace(genesis, verify), records: 1 }
    })
    const adopted = adopting.then(() => adopt(space, peer))
    adopting = adopted.catch(() => undefined)
    await adopted
  }

  function tellOfPostponed(error: unknown): void {
    const { code } = toLumosError(error)
    components.logger.debug('a space of a new member was not taken up', { code })
  }

  return {
    take: (body, teller) =>
      blaming(components.blame, teller.peer, async () => {
        const { peer, signal } = teller
        const news = await gate.run(peer, signal, async () => {
          return { answer: newsIn(body, peer), records: 0 }
        })
        // Nothing behind a forged one is looked at.
        for (const genesis of news) await takeOne(genesis, teller)
      }),
    async takePostponed(signal) {
      for (const { genesis, peer } of postponed.take((owner) => known.isKnown(owner))) {
        // What one liar forged keeps nobody else's from being looked at.
        await blaming(components.blame, peer, () => takeOne(genesis, { peer, signal })).catch(
          tellOfPostponed
        )
      }
    },
    settle: () => adopting
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

async function blaming(
  blame: Pick<Blame, 'add'>,
  peer: PeerIdText,
  action: () => Promise<void>
): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (toLumosError(error).code === 'SPACE_INVALID') blame.add(peer, 1)
    throw error
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
