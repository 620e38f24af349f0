/** How this node stands with every other, put together from sessions, discovery and the dialler. */
import type { Peer } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { PeerGoal } from '../../discovery/peers/redial-schedule.ts'
import type { Assembly } from '../assembly.ts'

/** Connected peers first, then by name. */
export function peerViews(assembly: Assembly): Peer[] {
  const { wire, finding } = assembly
  const goals = finding.finder.goals()
  const known = new Set(goals.map(({ peer }) => peer))
  const views = goals.map((goal) => viewOf(assembly, goal))
  for (const { peer } of wire.sessions.all()) {
    if (!known.has(peer)) views.push(viewOfConnected(assembly, peer))
  }
  for (const { peer, name, swarm, foundBy } of finding.finder.foreign()) {
    if (known.has(peer)) continue
    const error = new LumosError('OTHER_SWARM', { details: { peer: name ?? peer, swarm } })
    views.push({
      ...EMPTY,
      id: peer,
      name: name ?? '',
      state: 'refused',
      foundBy: [foundBy],
      error: error.toWire()
    })
  }
  const blocked = new Set(assembly.wire.blocking.all().map(({ peer }) => peer))
  for (const peer of blocked) {
    if (!views.some(({ id }) => id === peer)) views.push(viewOfAbsent(assembly, peer))
  }
  return views
    .map((view) => (blocked.has(view.id) ? asBlocked(view) : view))
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

/** Why a dial of ours failed is clear, and its session is about to end. */
function asBlocked({ id, name, addresses, foundBy }: Peer): Peer {
  return { ...EMPTY, id, name, addresses, foundBy, state: 'blocked' }
}

function viewOfAbsent({ capabilities }: Assembly, peer: PeerIdText): Peer {
  const name = capabilities.directory.peer(peer)?.name ?? ''
  return { ...EMPTY, id: peer, name, state: 'blocked', foundBy: [] }
}

const EMPTY = { addresses: [], rttMs: null, agents: [] } as const

function rank({ state }: Peer): number {
  return state === 'connected' ? 0 : 1
}

function viewOf(assembly: Assembly, goal: PeerGoal): Peer {
  const { peer, name, state, addresses, foundBy, error } = goal
  const session = peer === undefined ? undefined : assembly.wire.sessions.get(peer)
  if (peer !== undefined && session !== undefined) {
    return { ...viewOfConnected(assembly, peer), addresses, foundBy }
  }
  return {
    ...EMPTY,
    id: peer ?? '',
    name: name ?? '',
    // A session that ended a moment ago may not have reached the dialler yet.
    state: state === 'connected' ? 'disconnected' : state,
    addresses,
    foundBy,
    ...(error && { error: error.toWire() })
  }
}

function viewOfConnected({ wire, capabilities }: Assembly, peer: PeerIdText): Peer {
  const session = wire.sessions.get(peer)
  const record = capabilities.directory.peer(peer)
  return {
    id: peer,
    name: session?.hello.name ?? record?.name ?? '',
    state: 'connected',
    addresses: [],
    rttMs: session?.roundTripMs ?? null,
    agents: record?.cards.map(({ agentId }) => agentId).toSorted() ?? [],
    foundBy: ['incoming'],
    ...(session && {
      path: session.path,
      version: session.hello.version,
      since: new Date(session.openedAt).toISOString()
    }),
    ...(record?.load !== undefined && { load: record.load })
  }
}
