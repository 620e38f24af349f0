/** The way to one peer, step by step, and what was tried to find a better one. */
import { API_VERSION } from '../../client/api.ts'
import type { Peer } from '../../client/api.ts'
import type { HolePunch, PeerTrace, TracedAddress, TraceHop } from '../../client/mesh-api.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { PeerGoal } from '../../discovery/peers/redial-schedule.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { Assembly } from '../assembly.ts'
import { punchesWith } from '../libp2p/hole-punching.ts'
import { peerViews } from './peer-views.ts'
import { PING_METHOD } from './peers.ts'
import { selectPeer } from './selectors.ts'
import { connectionTo, layersOf, relayOf } from './ways.ts'

/** @throws PEER_UNKNOWN, PEER_AMBIGUOUS */
export async function tracePeer(
  assembly: Assembly,
  selector: string,
  signal: AbortSignal
): Promise<PeerTrace> {
  const peers = peerViews(assembly)
  const peer = selectPeer(peers, selector)
  const { id, name, state, path, foundBy, error } = peer
  const goal = assembly.finding.finder.goals().find((one) => one.peer === id)
  const way = path === undefined ? NO_WAY : await wayTo(assembly, { ...peer, path }, signal)
  return {
    v: API_VERSION,
    id,
    name,
    state,
    hops: way.hops,
    rttMs: way.rttMs,
    ...holePunch(assembly, peer),
    foundBy,
    addresses: tracedAddresses(goal, way.address),
    attempts: goal?.attempts ?? 0,
    retryInMs: goal?.retryInMs ?? null,
    ...(error && { error })
  }
}

interface Way {
  readonly hops: readonly TraceHop[]
  readonly rttMs: number | null
  /** Where the connection leads to. */
  readonly address?: string
}

const NO_WAY: Way = { hops: [], rttMs: null }

async function wayTo(
  assembly: Assembly,
  { id, name, path }: Peer & { readonly path: 'direct' | 'relay' },
  signal: AbortSignal
): Promise<Way> {
  const { wire } = assembly
  const connection = connectionTo(wire.network, id, path)
  const walled = wire.swarm.key !== undefined
  const self = { id: wire.identity.peer, name: wire.name }
  const peer = { id, name }
  const rttMs = await roundTrip(assembly, id, signal)
  if (connection === undefined) return { hops: [], rttMs }
  const address = connection.remoteAddr.toString()
  const relay = path === 'relay' ? relayOf(connection) : undefined
  if (relay === undefined) {
    const layers = layersOf(connection, walled)
    return { hops: [{ from: self, to: peer, path, layers, rttMs }], rttMs, address }
  }
  const toRelay = await roundTrip(assembly, relay, signal)
  const carrier = connectionTo(wire.network, relay, 'direct')
  const relayName =
    assembly.capabilities.directory.peer(relay)?.name ?? wire.sessions.get(relay)?.hello.name ?? ''
  const between = { id: relay, name: relayName }
  const rest = rttMs === null || toRelay === null ? null : Math.max(0, rttMs - toRelay)
  return {
    hops: [
      {
        from: self,
        to: between,
        path: 'direct',
        ...(carrier && { layers: layersOf(carrier, walled) }),
        rttMs: toRelay
      },
      { from: between, to: peer, path: 'relay', layers: 'circuit v2', rttMs: rest }
    ],
    rttMs,
    address
  }
}

/** Round trips vary, and the shortest of a few says most of the way itself. */
const PINGS = 3

async function roundTrip(
  { wire, components }: Assembly,
  peer: PeerIdText,
  signal: AbortSignal
): Promise<number | null> {
  const session = wire.sessions.get(peer)
  if (session === undefined) return null
  const { clock } = components
  const ping = async (one: Session): Promise<number> => {
    const begun = clock.monotonic()
    await one.request(PING_METHOD, new Uint8Array(), {
      signal,
      timeoutMs: LIMITS.meshAsk.value
    })
    return clock.monotonic() - begun
  }
  try {
    let shortest = Infinity
    for (let sent = 0; sent < PINGS; sent += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one ping after the other is the point
      shortest = Math.min(shortest, await ping(session))
    }
    return shortest
  } catch {
    signal.throwIfAborted()
    return null
  }
}

function holePunch(
  { wire }: Assembly,
  { id, path }: Pick<Peer, 'id' | 'path'>
): { readonly holePunch?: HolePunch } {
  const told = punchesWith(wire.network, id)
  if (told === 'off') {
    return path === 'relay' ? { holePunch: { state: 'off', attempts: 0 } } : {}
  }
  if (told !== undefined) return { holePunch: { ...told } }
  return path === 'relay' ? { holePunch: { state: 'waiting', attempts: 0 } } : {}
}

function tracedAddresses(
  goal: PeerGoal | undefined,
  connected: string | undefined
): readonly TracedAddress[] {
  if (goal === undefined) return []
  const failures = new Map(goal.failures.map(({ address, reason }) => [bare(address), reason]))
  const used = connected === undefined ? undefined : bare(connected)
  return goal.addresses.map((address): TracedAddress => {
    if (bare(address) === used) return { address, state: 'connected' }
    const reason = failures.get(bare(address))
    return reason === undefined
      ? { address, state: 'untried' }
      : { address, state: 'failed', reason }
  })
}

/** Without the peer id at its end, which some who tell of an address add. */
function bare(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}
