/**
 * Guards a connection before anybody is authenticated: the swarm key's wall, the first negotiation
 * and the one after Noise.
 */
import type {
  ConnectionEncrypter,
  ConnectionProtector,
  MessageStream,
  SecuredConnection
} from '@libp2p/interface'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { afterThisTurn } from '../../core/turn.ts'
import type { Defer } from '../../core/turn.ts'
import type { Traffic } from '../metrics/traffic.ts'
import { guardStream } from './stream-guard.ts'
import type { Wall } from './wall.ts'
import { WireGuard } from './wire-guard.ts'
import type { Agreement } from './wire-guard.ts'

/** Somebody spoke, but not the language that a holder of our swarm key speaks. */
export interface ForeignContact {
  /** The other side's multiaddr. */
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  /**
   * True when wrong bytes were seen: another swarm key, or none, or no Lumos node at all. False
   * when the other side hung up on our first bytes, which is what one with another key does.
   */
  readonly certain: boolean
}

export interface ConnectionGuardComponents {
  readonly clock: Pick<Clock, 'after'>
  /** Default: after this turn of the event loop. */
  readonly defer?: Defer
  /** The host at that multiaddr took a connection of ours. */
  readonly onReached?: (address: string) => void
  readonly onForeign: (contact: ForeignContact) => void
  /** `offender` is a PeerId once that is known, and an address before. */
  readonly onViolation: (violation: unknown, offender: string) => void
  /** Who is at the other end of a link, from now on; the muxer is made upon the link alone. */
  readonly onSecured?: (link: MessageStream, peer: PeerIdText) => void
  /** Told of each connection before anything goes over it, and of the forms that it takes. */
  readonly traffic?: Pick<Traffic, 'watch' | 'wrapped' | 'belongs'> | undefined
}

const ENCRYPTER = '/noise'
const MUXER = '/yamux/1.0.0'
/** Why this node itself may end a connection that has not been greeted yet. */
const OWN_REASONS: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError', 'WireViolation'])

const toEncrypter: Agreement = (line) => (line === ENCRYPTER ? 'opaque' : undefined)

/** Passes the first bytes of every connection through a check, behind `wall` when there is one. */
export function guardedProtector(
  components: ConnectionGuardComponents,
  wall?: Wall
): ConnectionProtector {
  const report = wall === undefined ? components.onForeign : walled(components, wall).onForeign
  const unproven = createUnproven(components)
  return {
    async protect(connection, options) {
      components.traffic?.watch(connection)
      const isInbound = connection.direction === 'inbound'
      if (!isInbound) components.onReached?.(contact(connection).address)
      const proven = isInbound ? unproven.admit(connection) : undefined
      const link = wall === undefined ? connection : await wall.protect(connection, options)
      components.traffic?.wrapped(connection, link)
      const guard = new WireGuard(toEncrypter, proven)
      await guardStream(link, guard, (violation) => {
        if (guard.greeted) components.onViolation(violation, contact(connection).address)
        else report({ ...contact(connection), certain: true })
        abort(link, violation)
      })
      if (wall !== undefined) noticeHangUp(walled(components, wall), connection, guard)
      return link
    }
  }
}

interface Unproven {
  /**
   * Ends the connection when its peer has not shown in time that it speaks as one of the swarm. To be
   * called when it has.
   *
   * @throws when too many are waited for
   */
  admit(connection: MessageStream): () => void
}

function createUnproven({ clock, defer = afterThisTurn }: ConnectionGuardComponents): Unproven {
  const waiting = new Set<MessageStream>()
  return {
    admit(connection) {
      const limit = LIMITS.unprovenConnections.value
      if (waiting.size >= limit) throw new Error(`${limit} others have not shown the key yet`)
      waiting.add(connection)
      const end = (): void => {
        if (waiting.has(connection))
          connection.abort(new DOMException('no greeting', 'TimeoutError'))
      }
      // Where the event loop was held up, what arrived in time is read only after the timer: so it is read first.
      const cancel = clock.after(LIMITS.greetingDeadline.value, () => defer(() => defer(end)))
      const proven = (): void => {
        waiting.delete(connection)
        cancel()
      }
      connection.addEventListener('close', proven)
      return proven
    }
  }
}

/** The next dial there begins with another of our keys. */
function walled(
  { onForeign }: ConnectionGuardComponents,
  wall: Wall
): Pick<ConnectionGuardComponents, 'onForeign'> {
  return {
    onForeign(foreign) {
      if (foreign.direction === 'outbound') wall.turnedAway(foreign.address)
      onForeign(foreign)
    }
  }
}

/**
 * A peer with another key decrypts our greeting to noise and hangs up before it has said a word.
 * (One that refuses us for its load hangs up earlier, before the nonces of the wall.)
 */
function noticeHangUp(
  { onForeign }: Pick<ConnectionGuardComponents, 'onForeign'>,
  connection: MessageStream,
  guard: WireGuard
): void {
  if (connection.direction !== 'outbound') return
  connection.addEventListener('close', ({ error }) => {
    // A reset by the peer counts as local in libp2p's TCP; only our own reasons are told apart.
    if (guard.greeted || (error !== undefined && OWN_REASONS.has(error.name))) return
    onForeign({ ...contact(connection), certain: false })
  })
}

/** `encrypter`, with the negotiation of a muxer that may follow it watched as well. */
export function guardedEncrypter(
  { onViolation, onSecured, traffic }: ConnectionGuardComponents,
  encrypter: ConnectionEncrypter
): ConnectionEncrypter {
  async function watch(
    connection: MessageStream,
    secured: SecuredConnection
  ): Promise<SecuredConnection> {
    traffic?.belongs(connection, secured.remotePeer.toString())
    onSecured?.(secured.connection, secured.remotePeer.toString())
    // Peers that agree on the muxer inside the handshake negotiate nothing after it.
    if (secured.streamMuxer !== undefined) return secured
    const guard = new WireGuard((line) => (line === MUXER ? 'opaque' : undefined))
    await guardStream(secured.connection, guard, (violation) => {
      onViolation(violation, secured.remotePeer.toString())
      abort(secured.connection, violation)
    })
    return secured
  }
  return {
    protocol: encrypter.protocol,
    secureInbound: async (connection, options) =>
      watch(connection, await encrypter.secureInbound(connection, options)),
    secureOutbound: async (connection, options) =>
      watch(connection, await encrypter.secureOutbound(connection, options))
  }
}

function contact(connection: MessageStream): Omit<ForeignContact, 'certain'> {
  // The upgrader hands a transport's connection; the interface promises a plain stream only.
  const address = 'remoteAddr' in connection ? String(connection.remoteAddr) : ''
  return { address, direction: connection.direction }
}

function abort(stream: MessageStream, violation: unknown): void {
  stream.abort(violation instanceof Error ? violation : new Error(String(violation)))
}
