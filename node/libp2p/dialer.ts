/** Reaches peers at their addresses, and says of each address that failed why in words people know. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AddressFailure } from '../../discovery/peers/peer-book.ts'
import type { Dial, DialOutcome, DialTarget } from '../../discovery/peers/redial.ts'
import type { Sessions } from '../../protocols/session/session.ts'
import type { ForeignContact } from './connection-guard.ts'
import type { Network } from './network.ts'

export interface DialerComponents {
  readonly clock: Clock
  readonly network: Pick<Network, 'events' | 'libp2p' | 'dialKeys'>
  readonly sessions: Pick<Sessions, 'connect'>
}

/** Tries a peer's addresses one after the other, until one leads to a session. */
export function createDialer({ clock, network, sessions }: DialerComponents): Dial {
  const { libp2p, events } = network
  /** Contacts with other swarms while dials are under way, by the address dialled. */
  const foreign = new Map<string, ForeignContact>()
  events.on('foreign', (contact) => {
    if (contact.direction !== 'outbound') return
    if (foreign.size >= MAX_FOREIGN) foreign.clear()
    foreign.set(contact.address, contact)
  })
  /** Hosts that have not answered yet, and what to do when they have: they live, however busy they are. */
  const waiting = new Map<string, () => void>()
  events.on('reached', (address) => waiting.get(address)?.())

  /** Who hung up on our key may still have the one before: the wall takes the next one each time. */
  async function connect(address: string, signal: AbortSignal): Promise<PeerIdText | Failure> {
    let reached = await connectOnce(address, signal)
    for (let keys = network.dialKeys(); keys > 1 && !signal.aborted; keys -= 1) {
      if (typeof reached === 'string' || reached.error.code !== 'OTHER_SWARM') return reached
      // oxlint-disable-next-line no-await-in-loop -- one key after the other
      reached = await connectOnce(address, signal)
    }
    return reached
  }

  async function connectOnce(address: string, signal: AbortSignal): Promise<PeerIdText | Failure> {
    foreign.delete(address)
    const attempt = new AbortController()
    const giveUp = (): void => attempt.abort(new DOMException('no answer', 'TimeoutError'))
    const connected = clock.after(LIMITS.connectDeadline.value, giveUp)
    const ended = clock.after(LIMITS.addressDialDeadline.value, giveUp)
    waiting.set(address, connected)
    const onAbort = (): void => attempt.abort(signal.reason)
    signal.addEventListener('abort', onAbort)
    try {
      const connection = await libp2p.dial(multiaddr(address), {
        signal: attempt.signal,
        onProgress: ({ type }) => {
          // A name that was dialled is not the address that was reached.
          if (type === 'upgrader:encrypt-outbound-connection') connected()
        }
      })
      return connection.remotePeer.toString()
    } catch (cause) {
      return failureOf(address, { cause, contact: foreign.get(address) })
    } finally {
      waiting.delete(address)
      connected()
      ended()
      signal.removeEventListener('abort', onAbort)
    }
  }

  return async (target, signal) => {
    const failures: Failure[] = []
    for (const address of addressesOf(target)) {
      if (signal.aborted) break
      const reached = await connect(address, signal)
      if (typeof reached !== 'string') {
        failures.push(reached)
        continue
      }
      return openSession(sessions, { peer: reached, address }, signal)
    }
    return { error: worst(target, failures), failures }
  }
}

const MAX_FOREIGN = 256

interface Failure extends AddressFailure {
  readonly error: LumosError
}

async function openSession(
  sessions: DialerComponents['sessions'],
  reached: { readonly peer: PeerIdText; readonly address: string },
  signal: AbortSignal
): Promise<DialOutcome> {
  const { peer, address } = reached
  try {
    await sessions.connect(peer, { signal })
    return reached
  } catch (cause) {
    const error =
      cause instanceof LumosError
        ? cause
        : new LumosError('PEER_UNREACHABLE', { cause, details: { peer } })
    return { error, failures: [{ address, reason: error.message }] }
  }
}

function addressesOf({ peer, addresses }: DialTarget): readonly string[] {
  const suffix = peer === undefined ? '' : `/p2p/${peer}`
  const full = addresses.map((address) => (address.endsWith(suffix) ? address : address + suffix))
  return [...new Set(full)].slice(0, LIMITS.addressesPerPeer.value)
}

/** What stands for the whole dial: that it is another swarm explains more than a refused port. */
function worst({ peer, addresses }: DialTarget, failures: readonly Failure[]): LumosError {
  const foreign = failures.find(({ error }) => error.code === 'OTHER_SWARM')
  if (foreign !== undefined) return foreign.error
  const [first] = failures
  if (first !== undefined) return first.error
  const reason = addresses.length === 0 ? 'no address is known' : 'the dial was cancelled'
  return new LumosError('PEER_UNREACHABLE', {
    details: { peer: peer ?? addresses[0] ?? '?', reason }
  })
}

function failureOf(
  address: string,
  { cause, contact }: { readonly cause: unknown; readonly contact: ForeignContact | undefined }
): Failure {
  if (contact !== undefined) {
    const error = new LumosError('OTHER_SWARM', {
      cause,
      details: { peer: address, certain: contact.certain }
    })
    const reason = contact.certain
      ? 'answers with another swarm key, or none'
      : 'hung up on our swarm key: it has another'
    return { address, reason, error }
  }
  const reason = reasonOf(cause)
  return {
    address,
    reason,
    error: new LumosError('PEER_UNREACHABLE', { cause, details: { peer: address, reason } })
  }
}

const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/ECONNREFUSED/, 'connection refused: nothing listens there'],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, 'no way to that network'],
  [/ENOTFOUND|EAI_AGAIN/, 'the name cannot be resolved'],
  [/ECONNRESET|StreamReset|reset/, 'hung up at once: it is busy, or no node of this swarm'],
  [/TimeoutError|AbortError|timed out|aborted|no answer/, 'no answer in time'],
  [/UnexpectedPeer|identity|does not match|expected/i, 'another node answers there'],
  [/Intercepted|Denied|gater/, 'blocked by this node'],
  [/NoValidAddresses|no valid addresses/, 'the address cannot be dialled']
]

function reasonOf(cause: unknown): string {
  return dialFailure(cause).reason
}

/** Why a dial of libp2p failed, in words people know, and all that its errors say. */
export function dialFailure(cause: unknown): { readonly reason: string; readonly texts: string } {
  const all = texts(cause).join(' ')
  const reason = REASONS.find(([pattern]) => pattern.test(all))?.[1] ?? 'the connection failed'
  return { reason, texts: all }
}

/** libp2p hides the system's error in causes, or in one of several. */
function texts(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)]
  const nested = error instanceof AggregateError ? error.errors : [error.cause]
  const inner = nested.filter((item) => item !== undefined).flatMap(texts)
  return [`${error.name}: ${error.message}`, ...inner]
}
