/** Looks for what keeps a node from being found, connected or useful, and says what to do about it. */
import { API_VERSION } from '../../client/api.ts'
import type { Check, DoctorReport, Peer } from '../../client/api.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Assembly } from '../assembly.ts'
import { routingTable } from '../libp2p.ts'
import { databaseChecks } from './database-checks.ts'
import { peerViews } from './peer-views.ts'
import { selectPeer } from './selectors.ts'
import { clockSkew } from './status.ts'
import type { LoopMonitor } from './status.ts'

/** Above this, peers feel it. */
const SLOW_LOOP_MS = 200

export async function examine(
  assembly: Assembly,
  loop: LoopMonitor,
  selector: string | undefined
): Promise<DoctorReport> {
  const peers = peerViews(assembly)
  const checks =
    selector === undefined
      ? [
          loopCheck(loop),
          ...(await databaseChecks({ ...assembly.components, ...assembly })),
          listenCheck(assembly),
          swarmCheck(assembly),
          connectionCheck(peers),
          dhtCheck(assembly),
          gossipCheck(assembly),
          cardCheck(assembly),
          ...clockChecks(assembly),
          ...refusedChecks(peers)
        ]
      : peerChecks(assembly, selectPeer(peers, selector))
  return { v: API_VERSION, checks }
}

function loopCheck(loop: LoopMonitor): Check {
  const delay = loop.delayMs()
  return {
    area: 'Daemon',
    name: 'event loop',
    state: delay > SLOW_LOOP_MS ? 'warning' : 'ok',
    text: `p99 delay ${delay.toFixed(0)} ms`,
    ...(delay > SLOW_LOOP_MS && { hint: 'an agent blocks the process: lumos logs' })
  }
}

function listenCheck({ wire }: Assembly): Check {
  const addresses = wire.network.addresses()
  if (addresses.length === 0) {
    return {
      area: 'Listening',
      name: 'addresses',
      state: 'critical',
      text: 'this node listens nowhere',
      hint: 'lumos restart --listen /ip4/0.0.0.0/tcp/0'
    }
  }
  const places = addresses.map((address) => address.replace(/\/p2p\/.*/, ''))
  return { area: 'Listening', name: 'addresses', state: 'ok', text: places.join(', ') }
}

function swarmCheck({ wire }: Assembly): Check {
  const { name, id, key } = wire.swarm
  if (key !== undefined) {
    return { area: 'Swarm', name: 'key', state: 'ok', text: `${name} (private, id ${id})` }
  }
  return {
    area: 'Swarm',
    name: 'key',
    state: 'warning',
    text: `${name} is open: anybody on the network can take part`,
    hint: 'use a swarm with a key, unless you mean it'
  }
}

function connectionCheck(peers: readonly Peer[]): Check {
  const connected = peers.filter(({ state }) => state === 'connected').length
  return {
    area: 'Peers',
    name: 'connected',
    state: connected === 0 ? 'warning' : 'ok',
    text: `${connected} of ${peers.length} known`,
    ...(connected === 0 && {
      hint: 'start a node on another machine, or name one: lumos peers connect MULTIADDR'
    })
  }
}

function dhtCheck({ wire }: Assembly): Check {
  const peers = routingTable(wire.network).size
  return { area: 'DHT', name: 'routing table', state: 'ok', text: `${peers} peers` }
}

function gossipCheck({ wire }: Assembly): Check {
  const [topic = ''] = wire.network.libp2p.services.pubsub.getTopics()
  const listeners = wire.pubsub.subscribers(topic).length
  const alone = listeners === 0 && wire.sessions.all().length > 0
  return {
    area: 'Gossip',
    name: 'presence',
    state: alone ? 'warning' : 'ok',
    text: `${listeners} listening peers`,
    ...(alone && { hint: 'connected peers do not listen: are their clocks and versions right?' })
  }
}

function cardCheck({ capabilities }: Assembly): Check {
  const refused = [...capabilities.exchange.refusals().values()].reduce((sum, n) => sum + n, 0)
  return {
    area: 'Agents',
    name: 'cards',
    state: refused > 0 ? 'warning' : 'ok',
    text: `${capabilities.book.cards().length} own, ${refused} foreign ones refused`,
    ...(refused > 0 && { hint: 'lumos logs --component discovery' })
  }
}

function clockChecks({ wire }: Assembly): Check[] {
  const worst = Math.max(0, ...wire.sessions.all().map(clockSkew))
  const off = worst >= LIMITS.clockSkew.value
  return [
    {
      area: 'Clock',
      name: 'skew',
      state: off ? 'warning' : 'ok',
      text: `at most ${worst} ms to a peer`,
      ...(off && { hint: 'set the clock (NTP) here or there' })
    }
  ]
}

function refusedChecks(peers: readonly Peer[]): Check[] {
  return peers
    .filter(({ state, error }) => state === 'refused' && error !== undefined)
    .map(({ id, name, error }) => ({
      area: 'Peers',
      name: name || id.slice(-8),
      state: 'warning' as const,
      text: error?.message ?? '',
      ...(error?.hint && { hint: error.hint })
    }))
}

/** Why a peer is, or is not, connected: each address with what became of it. */
function peerChecks({ wire, finding }: Assembly, peer: Peer): Check[] {
  const area = `Peer ${peer.name || peer.id.slice(-8)}`
  const session = wire.sessions.get(peer.id)
  const found = `found by ${peer.foundBy.join(', ') || 'nobody'}`
  const connection: Check =
    session === undefined
      ? {
          area,
          name: 'session',
          state: 'critical',
          text: `${peer.state}; ${found}${peer.error ? `; ${peer.error.message}` : ''}`,
          ...(peer.error?.hint && { hint: peer.error.hint })
        }
      : {
          area,
          name: 'session',
          state: 'ok',
          text: `${session.path}, Lumos ${session.hello.version}, round trip ${session.roundTripMs?.toFixed(1) ?? '?'} ms; ${found}`
        }
  const goal = finding.finder.goals().find((candidate) => candidate.peer === peer.id)
  const failures = (goal?.failures ?? []).map(({ address, reason }): Check => ({
    area,
    name: address,
    state: 'warning',
    text: reason
  }))
  return [connection, ...failures]
}
