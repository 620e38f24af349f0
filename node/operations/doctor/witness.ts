/**
 * What a node tells a peer about that peer: how it is seen from here, and which of its addresses lead
 * back to it. docs/protocols/doctor.md is normative.
 */
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { z } from 'zod'
import type { PeerIdText } from '../../../core/ids.ts'
import { LIMITS } from '../../../core/limits.ts'
import { RecentMap } from '../../../core/recent-map.ts'
import { within } from '../../../core/within.ts'
import { isLoopback } from '../../../discovery/peers/hint.ts'
import { decodeJsonBody } from '../../../protocols/session/json-body.ts'
import type { Session, Sessions } from '../../../protocols/session/session.ts'
import type { Clock } from '../../../core/clock.ts'
import { keepsPlaceFor } from '../../libp2p/relays.ts'
import type { Network } from '../../libp2p/network.ts'
import type { Probe, ProbeInit } from './probe.ts'

export const VIEW_METHOD = 'doctor.view'
export const DIAL_METHOD = 'doctor.dial'

const text = z.string().max(LIMITS.addressBytes.value)

const viewSchema = z.looseObject({
  v: z.literal(1),
  /** Milliseconds since the epoch, as the answer is made. */
  clock: z.number().finite(),
  /** Where the asker's connections come from, as they look at this end. */
  seen: z.array(text).max(LIMITS.addressesPerPeer.value),
  /** Whether a relay keeps a place for the asker; absent where none is. */
  reserved: z.boolean().optional()
})

const dialSchema = z.looseObject({
  v: z.literal(1),
  dialled: z
    .array(z.looseObject({ address: text, ok: z.boolean(), text: z.string().max(256) }))
    .max(LIMITS.doctorDials.value),
  /** Why nothing was dialled. */
  reason: z.enum(['busy', 'relayed', 'no-address']).optional()
})

export type WitnessView = z.infer<typeof viewSchema>
export type WitnessDial = z.infer<typeof dialSchema>

export interface WitnessComponents {
  readonly clock: Clock
  readonly network: Pick<Network, 'libp2p'>
  readonly sessions: Pick<Sessions, 'methods'>
  /** Tries an address of a peer; loaded when the first one asks. */
  readonly probe: (init: ProbeInit, signal: AbortSignal) => Promise<Probe>
}

const QUESTION = { mostBytes: 1024 }
/** Peers whose last dials are kept: as many as there can be sessions. */
const REMEMBERED = LIMITS.connections.value
const LATE: Pick<Probe, 'code' | 'text'> = { code: 'timeout', text: 'no answer in time' }
/** Of the asker's patience: its answer has to come in time, whatever hangs here. */
const SPARE_MS = 500
/** For different peers at the same time. */
const MOST_AT_ONCE = 2

/** Answers peers from now on. Call before the sessions start. */
export function serveWitness(components: WitnessComponents): void {
  const { clock, network, sessions } = components
  const dials = new RecentMap<
    PeerIdText,
    { readonly at: number; readonly made: Promise<WitnessDial> }
  >(REMEMBERED)
  let running = 0

  async function dialBack(peer: PeerIdText): Promise<WitnessDial> {
    if (running >= MOST_AT_ONCE) return { v: 1, dialled: [], reason: 'busy' }
    running += 1
    try {
      const ms = LIMITS.doctorTcp.value + SPARE_MS
      return await within(clock, { ms }, () => dialOwn(components, peer))
    } catch {
      return { v: 1, dialled: [], reason: 'busy' }
    } finally {
      running -= 1
    }
  }

  sessions.methods.request(
    VIEW_METHOD,
    (_, { peer }) => {
      const id = peerIdFromString(peer)
      const reserved = keepsPlaceFor(network, id)
      const seen = network.libp2p.getConnections(id).map(({ remoteAddr }) => String(remoteAddr))
      return encode({
        v: 1,
        clock: clock.now(),
        seen: seen.slice(0, LIMITS.addressesPerPeer.value),
        ...(reserved !== undefined && { reserved })
      })
    },
    QUESTION
  )
  sessions.methods.request(
    DIAL_METHOD,
    async (_, { peer }) => {
      const last = dials.get(peer)
      const isFresh = last && clock.monotonic() - last.at < LIMITS.doctorDialRate.value
      // Who asks again so soon is told the same: nobody is dialled more often.
      if (last !== undefined && isFresh === true) return encode(await last.made)
      const made = dialBack(peer)
      dials.set(peer, { at: clock.monotonic(), made })
      return encode(await made)
    },
    QUESTION
  )
}

/**
 * Tries addresses of the peer at the hosts that its own connections come from, and nowhere else: a
 * peer could announce what it likes, and have us look through a network for it.
 */
async function dialOwn(
  { clock, network, probe }: WitnessComponents,
  peer: PeerIdText
): Promise<WitnessDial> {
  const id = peerIdFromString(peer)
  const remotes = network.libp2p.getConnections(id).map(({ remoteAddr }) => String(remoteAddr))
  const direct = remotes.filter((address) => !address.includes('/p2p-circuit'))
  if (direct.length === 0) return { v: 1, dialled: [], reason: 'relayed' }
  const { addresses } = await network.libp2p.peerStore.get(id)
  const candidates = ownPlaces(
    direct,
    addresses.map((each) => String(each.multiaddr))
  )
  if (candidates.length === 0) return { v: 1, dialled: [], reason: 'no-address' }
  const ms = LIMITS.doctorTcp.value
  const dialled = await Promise.all(
    candidates.map(async (address) => {
      const init = { address, expected: peer }
      const found = await within(clock, { ms }, (signal) => probe(init, signal)).catch(() => LATE)
      const ok = found.code === 'reached'
      // Of this host's own loopback a peer behind a tunnel must learn nothing.
      const words = ok ? 'leads back' : isLoopback(address) ? 'does not lead back' : found.text
      return { address, ok, text: words.slice(0, 256) }
    })
  )
  return { v: 1, dialled }
}

/** The announced ports at the hosts seen: behind NAT the announced host is another one. */
export function ownPlaces(seen: readonly string[], announced: readonly string[]): string[] {
  const hosts = new Set(seen.map(hostOf).filter((host) => host !== undefined))
  const rests = new Set(announced.map(restOf).filter((rest) => rest !== undefined))
  const places = [...hosts].flatMap((host) => [...rests].map((rest) => `${host}${rest}`))
  return places.slice(0, LIMITS.doctorDials.value)
}

/** `/ip4/192.0.2.1` */
function hostOf(address: string): string | undefined {
  return /^\/ip[46]\/[^/]+/.exec(address)?.[0]
}

/** `/tcp/5866`, with what lies upon it; nothing for relayed addresses. */
function restOf(address: string): string | undefined {
  if (address.includes('/p2p-circuit')) return undefined
  const parts = multiaddr(address).getComponents()
  const [first, tcp] = parts
  if (first === undefined || !['ip4', 'ip6'].includes(first.name) || tcp?.name !== 'tcp') {
    return undefined
  }
  return /^\/ip[46]\/[^/]+(\/tcp\/\d+(?:\/ws)?)/.exec(address)?.[1]
}

/** @throws what the session says; METHOD_UNKNOWN of an older node */
export async function askView(session: Session, signal: AbortSignal): Promise<WitnessView> {
  const timeoutMs = LIMITS.doctorAnswer.value
  const answer = await session.request(VIEW_METHOD, new Uint8Array(), { signal, timeoutMs })
  return decodeJsonBody(viewSchema, answer)
}

/** As for {@link askView}. */
export async function askDial(session: Session, signal: AbortSignal): Promise<WitnessDial> {
  const timeoutMs = LIMITS.doctorTcp.value + LIMITS.doctorAnswer.value
  const answer = await session.request(DIAL_METHOD, new Uint8Array(), { signal, timeoutMs })
  return decodeJsonBody(dialSchema, answer)
}

function encode(value: WitnessView | WitnessDial): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
