/** Tries one address of a peer now, step by step: name, TCP, wall, and who answers behind it. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Attempt } from '../../../client/doctor-api.ts'
import { LumosError } from '../../../core/errors.ts'
import type { PeerIdText } from '../../../core/ids.ts'
import { LIMITS } from '../../../core/limits.ts'
import { within } from '../../../core/within.ts'
import { peerOfAddress } from '../../../discovery/peers/hint.ts'
import { dialFailure } from '../../libp2p/dialer.ts'
import type { Network } from '../../libp2p/network.ts'
import { makeContact } from './contact.ts'
import type { ContactCode, ContactComponents, Place } from './contact.ts'

export type ProbeCode =
  | ContactCode
  | 'invalid'
  | 'relay-lapsed'
  | 'relay-down'
  | 'other-peer'
  | 'self'
  | 'denied'
  | 'no-handshake'

export interface Probe {
  /** As it was given. */
  readonly address: string
  readonly code: ProbeCode
  /** What the matter is; who answered when it was reached. */
  readonly text: string
  readonly steps: readonly Attempt[]
  /** Who answered, as the Noise handshake proves. */
  readonly peer?: PeerIdText
  readonly port?: number
}

export interface ProbeComponents extends ContactComponents {
  readonly network: Pick<Network, 'libp2p'>
  /** Of the wall, newest first; none in an open swarm. */
  readonly keys: () => readonly Uint8Array[]
  /** How people call a peer. */
  readonly nameOf: (peer: PeerIdText) => string
}

export interface ProbeInit {
  readonly address: string
  /** Who should answer. */
  readonly expected: PeerIdText | undefined
}

/** Never rejects; what the signal cuts short failed at the step it was at. */
export async function probeAddress(
  components: ProbeComponents,
  { address, expected = safePeer(address) }: ProbeInit,
  signal: AbortSignal
): Promise<Probe> {
  const place = placeOf(address)
  if (place === undefined) {
    return { address, code: 'invalid', text: 'is no address that can be dialled', steps: [] }
  }
  if (place === 'elsewhere') return answered(components, { address, expected, steps: [] }, signal)
  const { port } = place
  const { code, text, steps } = await makeContact(
    components,
    { place, keys: components.keys() },
    signal
  )
  if (code !== 'reached') {
    // The way to a relay is not yet the way to the peer.
    const what = isRelayed(address) ? `the relay: ${text}` : text
    return { address, code, text: what, steps, port }
  }
  return { ...(await answered(components, { address, expected, steps }, signal)), port }
}

interface Reached extends ProbeInit {
  readonly steps: readonly Attempt[]
}

/** Who is behind the wall: a connection of libp2p's own, closed again unless it is the only one. */
async function answered(
  { clock, network, nameOf }: ProbeComponents,
  { address, expected, steps }: Reached,
  signal: AbortSignal
): Promise<Probe> {
  const begun = clock.monotonic()
  const step = (ok: boolean, text: string): Attempt[] => [
    ...steps,
    { step: 'noise', ok, text, tookMs: Math.round((clock.monotonic() - begun) * 10) / 10 }
  ]
  const self = network.libp2p.peerId.toString()
  if (expected === self) {
    return { address, code: 'self', text: 'is this node itself', steps: [...steps] }
  }
  try {
    const peer = await dial(network, { address, clock }, signal)
    if (expected === undefined || peer === expected) {
      const text = `${nameOf(peer) || 'a node'} answers`
      return { address, code: 'reached', text, steps: step(true, 'ok'), peer }
    }
    const text =
      `another node answers there: ${nameOf(peer)} ${peer}`.replace('  ', ' ') +
      ', and not the expected one'
    return { address, code: 'other-peer', text, steps: step(false, text), peer }
  } catch (cause) {
    const { code, text } = failureOf(cause, address)
    return { address, code, text, steps: step(false, text) }
  }
}

async function dial(
  { libp2p }: ProbeComponents['network'],
  { address, clock }: { readonly address: string } & Pick<ProbeComponents, 'clock'>,
  signal: AbortSignal
): Promise<PeerIdText> {
  // Without the id whoever is there answers, and can be named.
  const target = multiaddr(isRelayed(address) ? address : address.replace(/\/p2p\/[^/]+$/, ''))
  const before = new Set(libp2p.getConnections().map(({ id }) => id))
  const ms = LIMITS.doctorTcp.value
  // A dial that joins another one may outlast its own signal.
  const connection = await within(clock, { ms, signal }, (over) =>
    libp2p.dial(target, { signal: over, force: true })
  )
  const { remotePeer } = connection
  const others = libp2p.getConnections(remotePeer).filter(({ id }) => id !== connection.id)
  if (others.length > 0 && !before.has(connection.id)) {
    within(clock, { ms }, (over) => connection.close({ signal: over })).catch(() => {
      connection.abort(new Error('a probe is over'))
    })
  }
  return remotePeer.toString()
}

function failureOf(
  cause: unknown,
  address: string
): { readonly code: ProbeCode; readonly text: string } {
  const { reason, texts } = dialFailure(cause)
  if (isRelayed(address)) {
    if (/NO_RESERVATION/.test(texts)) {
      const text = 'the relay is there, but has no reservation of this peer: it has lapsed'
      return { code: 'relay-lapsed', text }
    }
    if (/HOP|circuit|relay/i.test(texts)) {
      return { code: 'relay-down', text: 'the relay does not pass connections on' }
    }
  }
  if (/dial self|DialSelf/i.test(texts)) return { code: 'self', text: 'is this node itself' }
  if (/Intercepted|Denied|gater/i.test(texts)) {
    return { code: 'denied', text: 'blocked by this node, or no member of the swarm' }
  }
  return { code: 'no-handshake', text: `the handshake does not succeed: ${reason}` }
}

/** An IPv6 address stands in brackets, as in a URL. */
const HOST_AND_PORT = /^\[?(?<host>(?<=\[)[\da-f:]+(?=\])|(?<!\[)[\w.-]+)\]?:(?<port>\d{1,5})$/i

/** A multiaddr, or `host:port` as people write it; `undefined` for what is neither. */
export function addressOf(text: string): string | undefined {
  if (text.startsWith('/')) {
    try {
      return multiaddr(text).toString()
    } catch (cause) {
      throw new LumosError('INVALID_REQUEST', {
        cause,
        details: { reason: `${text} is no multiaddr` }
      })
    }
  }
  const { host, port } = HOST_AND_PORT.exec(text)?.groups ?? {}
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined
  const kind = host.includes(':') ? 'ip6' : /^\d+(\.\d+){3}$/.test(host) ? 'ip4' : 'dns'
  return `/${kind}/${host}/tcp/${port}`
}

/** Where the first socket goes; `elsewhere` for transports without sockets of ours. */
function placeOf(address: string): Place | 'elsewhere' | undefined {
  try {
    const parts = multiaddr(address).getComponents()
    const [first, second, third] = parts
    if (first === undefined) return undefined
    const host = first.value
    const isHost = ['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(first.name)
    if (!isHost || host === undefined || second?.name !== 'tcp') return 'elsewhere'
    const bare = third === undefined || third.name === 'p2p'
    return { host, port: Number(second.value), bare }
  } catch {
    return undefined
  }
}

export function isRelayed(address: string): boolean {
  return address.includes('/p2p-circuit')
}

function safePeer(address: string): PeerIdText | undefined {
  try {
    return peerOfAddress(address)
  } catch {
    return undefined
  }
}
