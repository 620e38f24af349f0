/**
 * Joins a swarm by invite, before the node starts: a libp2p of its own that can do nothing but ask
 * the inviter, through the door that the invite opens.
 */
import { noise } from '@chainsafe/libp2p-noise'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Clock } from '../core/clock.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { Secret } from '../core/secret.ts'
import { createStreamHost } from '../protocols/frames/host.ts'
import { askMembership } from '../protocols/membership/client.ts'
import type { Admission } from '../protocols/membership/codec.ts'
import type { Identity } from '../trust/identity.ts'
import { keysOf, proveInvite } from '../trust/invites/invite.ts'
import type { Invite } from '../trust/invites/invite.ts'
import type { SwarmBook } from '../trust/members/swarm-book.ts'
import { guardedEncrypter, guardedProtector } from './libp2p/connection-guard.ts'
import { createLibp2pLogger } from './libp2p/logger.ts'
import type { TransportFactory } from './libp2p/network.ts'
import { createNoiseCrypto } from './libp2p/noise-crypto.ts'
import { createWall } from './libp2p/wall.ts'
import { guardedYamux } from './libp2p/yamux-guard.ts'

export interface JoiningComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly identity: Identity
  /** Of a swarm that this node knows nothing of yet. */
  readonly book: SwarmBook
}

export interface JoiningInit {
  readonly invite: Invite
  /** Readable name of this node. */
  readonly name: string
  readonly transports?: readonly TransportFactory[]
}

/** Codes with which an inviter refuses; anything else means that it was not reached. */
const REFUSALS: ReadonlySet<string> = new Set([
  'INVITE_EXPIRED',
  'INVITE_USED',
  'INVITE_WITHDRAWN',
  'NOT_A_MEMBER',
  'SWARM_FULL',
  'SWARM_ROLE'
])

/**
 * Resolves when the membership is on disk.
 *
 * @throws INVITE_EXPIRED, INVITE_USED, INVITE_WITHDRAWN, INVITE_OTHER_SWARM, INVITER_UNREACHABLE
 */
export async function joinSwarm(components: JoiningComponents, init: JoiningInit): Promise<void> {
  const { logger, book } = components
  const { invite } = init
  const libp2p = await createDoorClient(components, init)
  try {
    const admission = await ask(components, { ...init, libp2p })
    if (admission.charter['swarm'] !== invite.swarm) {
      throw otherSwarm(invite, 'the inviter is in another swarm by now')
    }
    await book.adopt(admission)
    const { key } = admission
    if (key !== undefined) await book.takeKey(new Secret(new Uint8Array(Buffer.from(key, 'hex'))))
    if (!book.hasKey) throw otherSwarm(invite, 'the inviter did not give the key')
    logger.info('joined a swarm', { swarm: invite.swarmName, inviter: invite.inviter })
  } finally {
    await libp2p.stop()
  }
}

/** The invite does not fit what this node is or the inviter has become. */
export function otherSwarm({ swarmName }: Pick<Invite, 'swarmName'>, reason: string): LumosError {
  return new LumosError('INVITE_OTHER_SWARM', { details: { swarm: swarmName, reason } })
}

async function ask(
  { clock, identity, logger }: JoiningComponents,
  { invite, name, libp2p }: JoiningInit & { readonly libp2p: Libp2p }
): Promise<Admission> {
  const { inviter } = invite
  const { id, proof } = keysOf(invite.secret)
  const meeting = { inviter, joiner: identity.peer }
  try {
    // All at once, by libp2p: the first that answers is taken.
    await libp2p.dial(
      invite.addresses.map((address) => multiaddr(`${address}/p2p/${inviter}`)),
      {
        signal: clock.timeout(LIMITS.joinDeadline.value)
      }
    )
    return await askMembership(
      { clock, host: createStreamHost({ clock, libp2p }) },
      {
        peer: inviter,
        question: { ask: 'join', invite: id, proof: proveInvite(proof, meeting), name }
      },
      { signal: clock.timeout(LIMITS.joinDeadline.value), timeoutMs: LIMITS.joinDeadline.value }
    )
  } catch (cause) {
    const error = toLumosError(cause)
    if (REFUSALS.has(error.code)) throw error
    logger.debug('the inviter was not reached', { error: cause })
    const addresses = invite.addresses.join(', ') || 'no address'
    throw new LumosError('INVITER_UNREACHABLE', { cause, details: { peer: inviter, addresses } })
  }
}

function createDoorClient(
  { clock, random, identity }: JoiningComponents,
  { invite, transports = [tcp(), webSockets()] }: JoiningInit
): Promise<Libp2p> {
  const door = keysOf(invite.secret).door
  const guards = { clock, onForeign: () => undefined, onViolation: () => undefined }
  const wall = createWall({ random, keys: () => ({ members: [door], doors: [] }) })
  return createLibp2p({
    privateKey: identity.privateKey.reveal(),
    addresses: { listen: [] },
    transports: [...transports],
    connectionProtector: () => guardedProtector(guards, wall),
    connectionEncrypters: [
      (parts) => guardedEncrypter(guards, noise({ crypto: createNoiseCrypto() })(parts))
    ],
    // The inviter has nothing to ask of this one.
    streamMuxers: [() => guardedYamux({ agreement: () => 'opaque', ...guards })],
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyOutboundEncryptedConnection: (peer) => !peer.equals(peerIdFromString(invite.inviter))
    },
    connectionManager: {
      addressDialTimeout: LIMITS.connectDeadline.value,
      reconnectRetries: 0
    },
    logger: createLibp2pLogger()
  })
}
