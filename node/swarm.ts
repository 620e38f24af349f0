/** Joins what makes this node's swarm: its name and keys, the members list, the invites, and the wall. */
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { NodePaths } from '../core/paths.ts'
import { Secret } from '../core/secret.ts'
import type { Heirs } from '../trust/heirs.ts'
import type { Identity } from '../trust/identity.ts'
import { rememberFirst } from '../discovery/peers/remembered.ts'
import { readInvite, requireTime } from '../trust/invites/invite.ts'
import { openInviteLedger } from '../trust/invites/ledger.ts'
import type { InviteLedger } from '../trust/invites/ledger.ts'
import { isOut } from '../trust/members/precedence.ts'
import { openSwarmBook } from '../trust/members/swarm-book.ts'
import type { SwarmBook } from '../trust/members/swarm-book.ts'
import { createMembership } from '../trust/membership.ts'
import type { ListStanding, Membership } from '../trust/membership.ts'
import { nodeName } from '../trust/node-name.ts'
import type { Role } from '../trust/roles.ts'
import { parseSwarmKey } from '../trust/swarm-key.ts'
import { resolveSwarm, swarmIdOf } from '../trust/swarm.ts'
import type { ResolvedSwarm } from '../trust/swarm.ts'
import { chooseSwarm } from './config/chosen-swarm.ts'
import type { NodeConfig } from './config/schema.ts'
import { readHouseInvite } from './house-invite.ts'
import { joinSwarm, otherSwarm } from './joining.ts'
import type { JoiningComponents } from './joining.ts'
import type { TransportFactory } from './libp2p/network.ts'
import { createWall } from './libp2p/wall.ts'
import type { Wall, WallKeys } from './libp2p/wall.ts'
import type { NodeComponents } from './wire.ts'

export interface NodeSwarm {
  readonly swarm: ResolvedSwarm
  readonly book: SwarmBook
  readonly invites: InviteLedger
  readonly membership: Membership
  /** `undefined` in an open swarm. */
  readonly wall: Wall | undefined
  /** Without a list all who hold the key are alike. */
  roleOf(peer: PeerIdText): Role | undefined
  /** Whether there is a members list. */
  readonly listed: boolean
  readonly heirs: Heirs
  /** All ids that the node had which has `peer`, oldest first. */
  idsOf(peer: PeerIdText): readonly PeerIdText[]
}

export interface NodeSwarmInit {
  readonly config: NodeConfig
  readonly paths: NodePaths
  readonly swarmKey?: Secret<string> | undefined
  /** Joined by before anything else, unless this node is in that swarm already. */
  readonly invite?: Secret<string> | undefined
  readonly transports?: readonly TransportFactory[]
}

/** @throws SWARM_KEY_INVALID, HOME_UNUSABLE, and with an invite what `joinSwarm` throws */
export async function openSwarm(
  components: NodeComponents & { readonly identity: Identity },
  init: NodeSwarmInit
): Promise<NodeSwarm> {
  const { config, paths, swarmKey, invite } = init
  const { clock, random } = components
  const logger = components.logger.child('trust')
  const { name } = config.swarm
  const kept = { dataDirectory: paths.data, name }
  // Everybody is in an open swarm: a list that lies here is that of another swarm of this name.
  const ofBook = config.swarm.open ? { name } : kept
  const book = await openSwarmBook({ ...components, logger }, ofBook)
  const joining = { ...components, logger, book }
  if (invite === undefined) await joinHouse(joining, init)
  else await join(joining, init, invite)
  const listed = config.swarm.open ? undefined : ofList(book, name)
  if (listed !== undefined && swarmKey !== undefined) await requireOwnKey(book, swarmKey)
  const swarm =
    listed ??
    (await resolveSwarm(
      { random, logger },
      {
        ...config.swarm,
        key: swarmKey,
        dataDirectory: paths.data,
        runtimeDirectory: config.discovery.sameHost ? paths.runtime : undefined
      }
    ))
  if (swarm.key === undefined) {
    logger.warn('this swarm is open: anybody on the network can read and take part', {
      swarm: name
    })
  }
  const invites = await openInviteLedger({ clock, logger }, { ...kept, swarm: name })
  const membership = createMembership({ standingOf: (peer) => standingOf(book, peer) })
  const keys = (): WallKeys => ({ members: wallKeys(book, swarm), doors: invites.doors() })
  return {
    swarm,
    book,
    invites,
    membership,
    wall: swarm.key && createWall({ random, keys }),
    roleOf: (peer) => (book.roll === undefined ? 'member' : book.roll.roleOf(peer)),
    get listed() {
      return book.roll !== undefined
    },
    heirs: {
      presentOf: (peer) => book.roll?.heirOf(peer) ?? peer,
      successionOf: (peer) => book.roll?.successionOf(peer)
    },
    idsOf: (peer) => book.roll?.idsOf(peer) ?? [peer]
  }
}

/** The same invite again, as at each start of a container, is no second joining. */
async function join(
  components: JoiningComponents,
  { config, paths, transports }: NodeSwarmInit,
  text: Secret<string>
): Promise<void> {
  const { clock, identity, book } = components
  const { roll } = book
  const invite = await readInvite(text.reveal())
  if (roll?.charter.swarm === invite.swarm && roll.roleOf(identity.peer) !== undefined) return
  requireTime(invite, clock.now())
  if (config.swarm.open || config.swarm.name !== invite.swarmName) {
    const mine = config.swarm.open ? 'an open swarm' : `the swarm "${config.swarm.name}"`
    throw otherSwarm(invite, `this node is set to ${mine}`)
  }
  if (roll !== undefined && roll.charter.swarm !== invite.swarm) {
    throw otherSwarm(invite, 'this node is in another swarm of that name')
  }
  const name = config.name ?? nodeName(identity.peer)
  await joinSwarm(components, { invite, name, ...(transports && { transports }) })
  await chooseSwarm(paths.data, invite.swarmName)
  const where = { directory: paths.data, swarm: invite.swarm }
  const { inviter, addresses } = invite
  const known = addresses.map((address) => `${address}/p2p/${inviter}`)
  await rememberFirst(where, { id: inviter, addresses: known, connectedAt: clock.now() })
}

/** A node of this user on this host may have begun a list, and lets its own in without a word. */
async function joinHouse(components: JoiningComponents, init: NodeSwarmInit): Promise<void> {
  const { config, paths, swarmKey } = init
  const alone = config.swarm.open || !config.discovery.sameHost || swarmKey !== undefined
  if (alone || components.book.roll !== undefined) return
  const invite = await readHouseInvite(paths.runtime, config.swarm.name)
  if (invite === undefined) return
  try {
    await join(components, init, invite)
  } catch (error) {
    const { code } = toLumosError(error)
    components.logger.warn(
      'the swarm of this host keeps a members list, and let this node not in',
      {
        swarm: config.swarm.name,
        code
      }
    )
  }
}

/** A key of another swarm under the same name must not be passed over in silence. */
async function requireOwnKey(book: SwarmBook, source: Secret<string>): Promise<void> {
  const given = new Secret(await parseSwarmKey(source.reveal()))
  const same = book.keys().some((key) => Buffer.compare(key.reveal(), given.reveal()) === 0)
  if (same || swarmIdOf(given) === book.roll?.charter.swarm) return
  const name = book.roll?.charter.name ?? ''
  const reason = `the members list of the swarm "${name}" has another one: lumos swarm leave ${name}`
  throw new LumosError('SWARM_KEY_INVALID', { details: { reason } })
}

/** A swarm with a list keeps the name it got from its first key, whatever the key is now. */
function ofList(book: SwarmBook, name: string): ResolvedSwarm | undefined {
  const { roll } = book
  const [key] = book.keys()
  if (roll === undefined || key === undefined) return undefined
  return { name, id: roll.charter.swarm, key, origin: 'data' }
}

/** Newest first; none in an open swarm. */
export function wallKeys(
  book: Pick<SwarmBook, 'keys'>,
  { key }: Pick<ResolvedSwarm, 'key'>
): readonly Uint8Array[] {
  const kept = book.keys().map((one) => one.reveal())
  return kept.length > 0 || key === undefined ? kept : [key.reveal()]
}

function standingOf({ roll }: SwarmBook, peer: PeerIdText): ListStanding {
  if (roll === undefined) return 'in'
  // Whoever has an old key of a member is not that member.
  if (roll.heirOf(peer) !== undefined) return 'out'
  const member = roll.member(peer)
  if (member === undefined) return 'unknown'
  return isOut(member.standing) ? 'out' : 'in'
}
