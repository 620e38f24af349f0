/** The ways of finding peers and agents: same host, multicast DNS, DHT, gossip. */
import type { Check } from '../../../client/doctor-api.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { LIMITS } from '../../../core/limits.ts'
import { within } from '../../../core/within.ts'
import { isLoopback, networkOf } from '../../../discovery/peers/hint.ts'
import { KAD_PROTOCOL, routingTable } from '../../libp2p/network.ts'
import { checked, unlessLate } from './examination.ts'
import type { Examination } from './examination.ts'
import type { DoctorParts } from './parts.ts'

const AREA = 'Discovery'
/** From a new connection until its peer has said what it speaks and listens to; on a slow machine. */
const SETTLE_MS = 15_000
const ALLOW_MDNS =
  'sudo ufw allow 5353/udp   lets multicast DNS through; or without it: lumos invite'

export function discoveryLooks(parts: DoctorParts): Examination[] {
  return [
    { area: AREA, name: 'same host', look: () => sameHost(parts) },
    { area: AREA, name: 'mDNS', look: (signal) => mdns(parts, signal) },
    { area: 'DHT', name: 'routing table', look: (signal) => dht(parts, signal) },
    { area: 'Gossip', name: 'topics', look: () => gossip(parts) }
  ]
}

function sameHost({ assembly }: DoctorParts): Check[] {
  if (!assembly.init.config.discovery.sameHost) return []
  const known = assembly.finding.finder.known()
  const count = known.filter(({ foundBy }) => foundBy.includes('same-host')).length
  return [checked(AREA, 'same host', { state: 'ok', text: `same host ${count}` })]
}

async function mdns({ assembly }: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const { finding } = assembly
  if (finding.mdns === undefined) return []
  const { heard, reason, tookMs } = await finding.mdns.check(signal)
  if (!heard) {
    const why = reason ?? 'multicast is blocked: by a firewall, a VPN, or the network card'
    const text = `mDNS: no answer to our own query (${why})`
    return [
      checked(AREA, 'mDNS', {
        state: 'critical',
        code: 'mdns-blocked',
        text,
        hint: ALLOW_MDNS,
        tookMs
      })
    ]
  }
  const known = finding.finder.known()
  const found = known.filter(({ foundBy }) => foundBy.includes('mdns'))
  const own = new Set(
    assembly.wire.network
      .addresses()
      .filter((at) => !isLoopback(at))
      .map(networkOf)
  )
  // Others of this network that mDNS did not bring: access points often keep multicast to themselves.
  const missed = known.filter(
    ({ addresses, foundBy }) =>
      !foundBy.includes('mdns') &&
      !foundBy.includes('same-host') &&
      addresses.some((address) => !isLoopback(address) && own.has(networkOf(address)))
  )
  const text = `mDNS hears its own query; ${found.length} found by it`
  const more =
    found.length === 0 && missed.length > 0
      ? `, though ${missed.length} of this network are known: does the access point pass multicast on?`
      : ''
  return [checked(AREA, 'mDNS', { state: 'ok', text: text + more, tookMs })]
}

/** Of sessions that are older than what follows upon a new one. */
function settled({ assembly, clock }: DoctorParts): readonly Session[] {
  return assembly.wire.sessions.all().filter(({ openedAt }) => clock.now() - openedAt > SETTLE_MS)
}

async function dht(parts: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const { assembly, clock } = parts
  const { network, sessions } = assembly.wire
  const { size } = routingTable(network)
  if (size > 0) {
    const begun = clock.monotonic()
    const ms = LIMITS.doctorAnswer.value
    const looked = await unlessLate(
      within(clock, { ms, signal }, (over) => firstOf(parts, over)),
      signal
    )
    const tookMs = clock.monotonic() - begun
    const lookup =
      looked === undefined
        ? ', none answers a self-lookup at once'
        : `, self-lookup ${tookMs.toFixed(0)} ms`
    const text = `${size} peers in the table${lookup}`
    return [checked('DHT', 'routing table', { state: 'ok', text, tookMs })]
  }
  if (sessions.all().length === 0) {
    return [checked('DHT', 'routing table', { state: 'ok', text: 'empty, as nobody is connected' })]
  }
  const old = settled(parts)
  if (old.length === 0) {
    return [
      checked('DHT', 'routing table', {
        state: 'ok',
        text: 'empty; the first peers have just come'
      })
    ]
  }
  const speakers = await Promise.all(old.map(({ peer }) => speaksDht(parts, peer)))
  const count = speakers.filter(Boolean).length
  const text = `the routing table is empty although ${old.length} peers are connected: ${count} of them serve the DHT, so agents of peers further away are not found`
  const hint =
    'lumos peers connect ADDRESS   of a node that serves the DHT; update the others: npm install -g lumos-mesh@latest'
  const tried = old.map(({ hello }, index) => ({
    step: hello.name,
    ok: speakers[index] === true,
    text: speakers[index] === true ? 'serves the DHT' : 'does not serve the DHT'
  }))
  return [
    checked('DHT', 'routing table', { state: 'critical', code: 'dht-empty', text, hint, tried })
  ]
}

async function speaksDht({ assembly }: DoctorParts, peer: string): Promise<boolean> {
  const { libp2p } = assembly.wire.network
  const known = await libp2p.peerStore.all()
  return known.some(
    ({ id, protocols }) => id.toString() === peer && protocols.includes(KAD_PROTOCOL)
  )
}

/** The first answer of a search for those near this node. */
async function firstOf({ assembly }: DoctorParts, signal: AbortSignal): Promise<true> {
  const { libp2p } = assembly.wire.network
  const key = libp2p.peerId.toMultihash().bytes
  for await (const _ of libp2p.peerRouting.getClosestPeers(key, { signal })) return true
  return true
}

/** A topic that nobody else listens to is a state, and no failure: what is written there stays here. */
function gossip(parts: DoctorParts): Check[] {
  const { wire } = parts.assembly
  const topics = wire.network.libp2p.services.pubsub.getTopics()
  const old = settled(parts)
  const alone = topics.filter((topic) => wire.pubsub.subscribers(topic).length === 0)
  const listened = topics.length - alone.length
  if (alone.length === 0 || old.length === 0) {
    return [
      checked('Gossip', 'topics', {
        state: 'ok',
        text: `${listened} of ${topics.length} topics have listeners`
      })
    ]
  }
  const isPresence = alone.some((topic) => topic.includes('/presence/'))
  const text = isPresence
    ? `${old.length} peers are connected, and none listens to what this node says of itself`
    : `${alone.length} of ${topics.length} topics have no subscriber: ${alone.join(', ')}; what is written there is passed on when peers compare`
  if (!isPresence) return [checked('Gossip', 'topics', { state: 'ok', text })]
  const hint = 'lumos doctor --peer NAME   of one of them: are version and clock right?'
  return [checked('Gossip', 'topics', { state: 'warning', code: 'gossip-alone', text, hint })]
}
