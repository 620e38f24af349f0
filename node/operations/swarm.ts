/** The control API's operations on the swarm: its list of members, and invites to it. */
import type {
  InviteDocument,
  InviteRequest,
  SwarmDocument,
  SwarmInvite,
  SwarmMember
} from '../../client/swarm-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import type { SwarmMemberOperations } from '../../gateway/control/swarm-operations.ts'
import { isLoopback } from '../../discovery/peers/hint.ts'
import { encodeInvite, keysOf } from '../../trust/invites/invite.ts'
import type { GivenInvite } from '../../trust/invites/ledger.ts'
import type { Member } from '../../trust/members/member.ts'
import type { Newcomer } from '../../trust/members/member.ts'
import type { Wire } from '../wire.ts'

export interface SwarmOperationsComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly wire: Wire
  /** Everybody this node knows of: they stay in the swarm when its list begins. */
  readonly known: () => readonly Newcomer[]
  readonly nameOf: (peer: PeerIdText) => string
}

/** Until tomorrow, for one: an invite is a key that people leave lying about. */
const INVITE_MS = 24 * 60 * 60 * 1000
const INVITE_SECRET_BYTES = 16
/** As for peers: shorter ones hit somebody by accident. */
const LEAST_PREFIX = 6

export function createSwarmOperations(
  components: SwarmOperationsComponents
): SwarmMemberOperations {
  const { wire } = components
  const { book, invites } = wire.nodeSwarm
  const show = async (): Promise<SwarmDocument> => documentOf(components)
  return {
    show,
    invite: (request) => invite(components, request),
    async withdraw(id) {
      if (!(await invites.withdraw(id))) throw new LumosError('INVITE_WITHDRAWN')
      return show()
    },
    async remove(selector) {
      await book.remove(select(components, selector).peer)
      return show()
    },
    async setRole(selector, { role }) {
      await book.admit(select(components, selector), role)
      return show()
    },
    async leave() {
      await book.leave()
      return show()
    }
  }
}

async function invite(
  { clock, random, wire, known }: SwarmOperationsComponents,
  { role = 'member', lifetimeMs = INVITE_MS, uses = 1 }: InviteRequest
): Promise<InviteDocument> {
  const { swarm, nodeSwarm, identity } = wire
  const { book, invites } = nodeSwarm
  if (swarm.key === undefined) throw new LumosError('SWARM_OPEN')
  const founded = book.roll === undefined
  if (founded) await book.found({ swarm: swarm.id, key: swarm.key, members: known() })
  if (book.roll?.appointmentOf(identity.peer) === undefined) {
    const details = { role: book.roll?.roleOf(identity.peer) ?? 'none', needs: 'invite others' }
    throw new LumosError('SWARM_ROLE', { details })
  }
  const secret = new Secret(random.bytes(INVITE_SECRET_BYTES))
  // The text has whole seconds.
  const expiresAt = Math.floor((clock.now() + lifetimeMs) / 1000) * 1000
  const text = await encodeInvite(identity, {
    swarm: swarm.id,
    swarmName: swarm.name,
    inviter: identity.peer,
    addresses: reachable(wire.network.addresses()),
    role,
    expiresAt,
    secret
  })
  const given = await invites.add(keysOf(secret), { role, expiresAt, uses })
  return { v: 1, invite: inviteOf(given), text, founded }
}

/** Other machines first; a relay's address needs more than a joiner has. */
function reachable(addresses: readonly string[]): readonly string[] {
  const direct = addresses
    .filter((address) => !address.includes('/p2p-circuit'))
    .map((address) => address.replace(/\/p2p\/[^/]+$/, ''))
  const far = direct.filter((address) => !isLoopback(address))
  return [...far, ...direct.filter(isLoopback)]
}

function documentOf({ wire, nameOf }: SwarmOperationsComponents): SwarmDocument {
  const { swarm, nodeSwarm, identity, sessions } = wire
  const { book, invites } = nodeSwarm
  const { roll } = book
  const memberOf = ({ peer, former, name, standing, by, since }: Member): SwarmMember => ({
    id: peer,
    former,
    name: nameOf(peer) || name,
    standing,
    by,
    since: new Date(since).toISOString(),
    connected: peer === identity.peer || sessions.get(peer) !== undefined
  })
  return {
    v: 1,
    swarm: {
      name: swarm.name,
      id: swarm.id,
      kind: swarm.key === undefined ? 'open' : roll === undefined ? 'key' : 'members',
      role: nodeSwarm.roleOf(identity.peer) ?? null,
      owner: roll?.members()[0]?.peer ?? null,
      key: { epoch: roll?.key()?.epoch ?? 0, known: book.hasKey }
    },
    members: (roll?.members() ?? []).map(memberOf),
    invites: invites.list().map(inviteOf)
  }
}

function inviteOf({ id, role, expiresAt, uses, usedBy }: GivenInvite): SwarmInvite {
  return { id, role, expiresAt: new Date(expiresAt).toISOString(), uses, used: usedBy.length }
}

function select({ wire, nameOf }: SwarmOperationsComponents, selector: string): Member {
  const members = wire.nodeSwarm.book.roll?.members() ?? []
  const exact = members.filter(
    ({ peer, former, name }) =>
      peer === selector || former.includes(selector) || (nameOf(peer) || name) === selector
  )
  const fitting =
    exact.length > 0 || selector.length < LEAST_PREFIX
      ? exact
      : members.filter(({ peer }) => peer.startsWith(selector))
  const [member] = fitting
  if (member !== undefined && fitting.length === 1) return member
  throw new LumosError('MEMBER_UNKNOWN', { details: { member: selector } })
}
