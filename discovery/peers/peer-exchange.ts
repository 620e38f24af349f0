/** Peers tell each other of peers, and ask to be let go: what turns a star into a mesh. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { CallContext, MethodTable, Session } from '../../protocols/session/session.ts'
import {
  decodeMessage,
  decodeRelease,
  decodeRequest,
  encode,
  RELEASE_METHOD,
  SAMPLE_METHOD
} from './exchange-codec.ts'
import type { PeerNote } from './exchange-codec.ts'
import { isLoopback } from './hint.ts'
import type { PeerHint } from './hint.ts'
import type { KnownPeer, PeerBook } from './peer-book.ts'
import { sample } from './sampling.ts'

/** A question to one peer; it has the answer at hand, so a slow one is as good as none. */
const EXCHANGE_TIMEOUT_MS = 2000
const QUESTION = { mostBytes: LIMITS.questionBytes.value }
/** A peer without a session is handed on only if it had one so recently. */
const LIVE_MS = 10 * 60_000
/** Asked for beyond what is needed, since some cannot be reached or are known already. */
const SPARES = 3
/** Named to a peer that is asked to let us go. */
const SUBSTITUTES = 4
const WINDOW_MS = 60_000

export interface PeerExchangeComponents {
  readonly clock: Clock
  readonly random: Random
  readonly book: PeerBook
  readonly isConnected: (peer: PeerIdText) => boolean
  /** Whether the peer is on this host: only it can use our host's loopback addresses. */
  readonly isLocal: (peer: PeerIdText) => boolean
  readonly degree: () => number
  /** Session peers this node is short of. */
  readonly wanted: () => number
  /** How little a peer wants another one, as far as known. */
  readonly crowding: (peer: PeerIdText) => number
  /** A peer was named to somebody, who may well dial it. */
  readonly onHandedOn: (peer: PeerIdText) => void
  /** A peer said how many session peers it has. */
  readonly onDegree: (peer: PeerIdText, degree: number) => void
  readonly learn: (hint: PeerHint) => void
  /** A peer wants to close its session with us; true lets it. */
  readonly release: (peer: PeerIdText) => boolean
}

export interface PeerExchange {
  /** Answers peers; called once, before the sessions start. */
  serve(methods: MethodTable): void
  /** Asks for peers; those named are learned. Resolves to their number. */
  ask(session: Session): Promise<number>
  /** Asks whether we may go, naming peers that have room; true means yes. */
  askRelease(session: Session): Promise<boolean>
  forget(peer: PeerIdText): void
}

export function createPeerExchange(components: PeerExchangeComponents): PeerExchange {
  const { degree, onDegree, release, wanted } = components
  const limiter = createLimiter(components.clock)

  function take(peer: PeerIdText, body: Uint8Array): number {
    const { degree: theirs, peers } = decodeMessage(body)
    onDegree(peer, theirs)
    for (const { id, addresses, name } of peers) {
      components.learn({ peer: id, addresses, foundBy: 'exchange', ...(name && { name }) })
    }
    return peers.length
  }

  return {
    serve(methods) {
      methods.request(
        SAMPLE_METHOD,
        (body, { peer }: CallContext) => {
          limiter.admit(peer)
          const { degree: theirs, want } = decodeRequest(body)
          onDegree(peer, theirs)
          return encode({ degree: degree(), peers: notesFor(components, peer, want) })
        },
        QUESTION
      )
      methods.request(
        RELEASE_METHOD,
        (body, { peer }: CallContext) => {
          limiter.admit(peer)
          take(peer, body)
          return encode({ degree: degree(), released: release(peer) })
        },
        QUESTION
      )
    },
    async ask(session) {
      const request = encode({ degree: degree(), want: wanted() + SPARES })
      const body = await session.request(SAMPLE_METHOD, request, {
        timeoutMs: EXCHANGE_TIMEOUT_MS
      })
      return take(session.peer, body)
    },
    async askRelease(session) {
      const peers = notesFor(components, session.peer, SUBSTITUTES)
      const request = encode({ degree: degree(), peers })
      const body = await session.request(RELEASE_METHOD, request, {
        timeoutMs: EXCHANGE_TIMEOUT_MS
      })
      const { degree: theirs, released } = decodeRelease(body)
      onDegree(session.peer, theirs)
      return released
    },
    forget: (peer) => limiter.forget(peer)
  }
}

/** A random handful of live peers that `asker` could reach, those that look for peers themselves first. */
function notesFor(
  components: PeerExchangeComponents,
  asker: PeerIdText,
  want: number
): readonly PeerNote[] {
  const { book, clock, crowding, isConnected, onHandedOn, random } = components
  const horizon = clock.now() - LIVE_MS
  const live = book
    .all()
    .filter((known) => isConnected(known.peer) || isHopeful(known, horizon))
    .filter(({ peer }) => peer !== asker)
  const notes = sample(live, live.length, random)
    .toSorted((a, b) => crowding(a.peer) - crowding(b.peer))
    .map((known) => noteOf(known, components.isLocal(asker)))
    .filter(({ addresses }) => addresses.length > 0)
    .slice(0, Math.min(want, LIMITS.exchangedPeers.value))
  for (const { id } of notes) onHandedOn(id)
  return notes
}

/** It had a session since `horizon`, and nobody found it gone since. */
function isHopeful({ addresses, connectedAt, failures }: KnownPeer, horizon: number): boolean {
  return connectedAt !== undefined && connectedAt > horizon && failures.length < addresses.length
}

function noteOf({ peer, name, addresses }: KnownPeer, isLocal: boolean): PeerNote {
  const usable = isLocal ? addresses : addresses.filter((address) => !isLoopback(address))
  return { id: peer, addresses: usable, ...(name !== undefined && { name }) }
}

interface Limiter {
  /** @throws OVERLOADED when the peer has asked too often. */
  admit(peer: PeerIdText): void
  forget(peer: PeerIdText): void
}

/** Counts calls in windows of a minute; entries go with the peer's session. */
function createLimiter(clock: Clock): Limiter {
  const windows = new Map<PeerIdText, { since: number; calls: number }>()
  return {
    admit(peer) {
      const now = clock.monotonic()
      const known = windows.get(peer)
      const window = known && now - known.since < WINDOW_MS ? known : { since: now, calls: 0 }
      windows.set(peer, window)
      window.calls++
      if (window.calls <= LIMITS.exchangeCalls.value) return
      const retryAfterMs = Math.ceil(window.since + WINDOW_MS - now)
      throw new LumosError('OVERLOADED', { details: { retryAfterMs } })
    },
    forget: (peer) => void windows.delete(peer)
  }
}
