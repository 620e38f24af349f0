/** Why one peer is, or is not, reached: where it was found, each address tried now, the session, and what it says of us. */
import type { Peer } from '../../../client/api.ts'
import type { Attempt, Check } from '../../../client/doctor-api.ts'
import type { LumosError } from '../../../core/errors.ts'
import { toLumosError } from '../../../core/errors.ts'
import type { PeerIdText } from '../../../core/ids.ts'
import { LIMITS } from '../../../core/limits.ts'
import { within } from '../../../core/within.ts'
import type { KnownPeer } from '../../../discovery/peers/peer-book.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { peerViews } from '../peer-views.ts'
import { selectPeer } from '../selectors.ts'
import { causeOf, joinAdvice, mainCause, probeFinding } from './advice.ts'
import { checked, examineAll } from './examination.ts'
import type { Finding } from './examination.ts'
import type { DoctorParts } from './parts.ts'
import { connectedLooks } from './connected-peer.ts'
import { addressOf, probeAddress } from './probe.ts'
import type { Probe } from './probe.ts'

interface Subject {
  readonly area: string
  /** How advice calls it. */
  readonly who: string
  readonly id: PeerIdText | undefined
  readonly view: Peer | undefined
  readonly known: KnownPeer | undefined
  readonly addresses: readonly string[]
}

/** @throws PEER_UNKNOWN, PEER_AMBIGUOUS, INVALID_REQUEST */
export async function examinePeer(
  parts: DoctorParts,
  selector: string,
  signal: AbortSignal
): Promise<Check[]> {
  const subject = subjectOf(parts, selector)
  const { area } = subject
  const [reach, session] = await Promise.all([
    examineAll(
      parts,
      [{ area, name: 'addresses', look: (over) => reached(parts, subject, over) }],
      signal
    ),
    examineAll(parts, connectedLooks(parts, subject), signal)
  ])
  return [foundCheck(parts, subject), ...reach, ...session]
}

function subjectOf(parts: DoctorParts, selector: string): Subject {
  const { assembly } = parts
  const peers = peerViews(assembly)
  const address = addressOf(selector)
  if (address !== undefined) return subjectAt(parts, peers, address)
  const view = selectPeer(peers, selector)
  const known = assembly.finding.finder.known().find(({ peer }) => peer === view.id)
  const who = view.name || view.id.slice(-8) || view.addresses[0] || 'the peer'
  const suffix = `/p2p/${view.id}`
  const bare = [...view.addresses, ...(known?.addresses ?? [])].map((each) =>
    each.endsWith(suffix) ? each.slice(0, -suffix.length) : each
  )
  const addresses = [...new Set(bare)]
  return {
    area: `Peer ${who}`,
    who,
    id: view.id || undefined,
    view,
    known,
    addresses: addresses.slice(0, LIMITS.addressesPerPeer.value)
  }
}

/** One that need not be known: only the address given is tried. */
function subjectAt(parts: DoctorParts, peers: readonly Peer[], address: string): Subject {
  const id = /\/p2p\/([^/]+)$/.exec(address)?.[1]
  const view = peers.find((peer) => peer.id === id || peer.addresses.includes(address))
  const known = parts.assembly.finding.finder.known().find(({ peer }) => peer === view?.id)
  const who = view?.name || 'that machine'
  const area = `Peer ${view?.name || address.replace(/\/p2p\/[^/]+$/, '')}`
  return { area, who, id, view, known, addresses: [address] }
}

function foundCheck({ clock }: DoctorParts, { area, view, known, who }: Subject): Check {
  if (view === undefined) {
    const text = 'not known to this node: only the address was tried'
    return checked(area, 'found', { state: 'ok', text })
  }
  const now = clock.now()
  const by = view.foundBy.join(', ') || 'nobody'
  const times = [
    ...(known === undefined ? [] : [`seen ${ago(now - known.seenAt)}`]),
    known?.connectedAt === undefined
      ? 'never connected'
      : `last connected ${ago(now - known.connectedAt)}`
  ]
  if (view.state === 'blocked') {
    const text = `${who} is blocked by this node; found by ${by}`
    return checked(area, 'found', {
      state: 'critical',
      code: 'blocked',
      text,
      hint: `lumos peers unblock ${who}`
    })
  }
  const text = `found by ${by}; ${times.join(', ')}`
  return checked(area, 'found', { state: 'ok', text })
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 2) return 'just now'
  if (seconds < 120) return `${seconds} s ago`
  return seconds < 7200
    ? `${Math.round(seconds / 60)} min ago`
    : `${Math.round(seconds / 3600)} h ago`
}

/** All addresses at once; when one leads there, those that do not are no problem. */
async function reached(
  parts: DoctorParts,
  { area, addresses, id, who }: Subject,
  signal: AbortSignal
): Promise<Check[]> {
  if (parts.assembly.wire.blocking.all().some(({ peer }) => peer === id)) return []
  const probes = await Promise.all(
    addresses.map((address) => probeAddress(parts, { address, expected: id }, signal))
  )
  const peer = id ?? probes.find(({ code }) => code === 'reached')?.peer
  const open = peer === undefined ? undefined : parts.assembly.wire.sessions.get(peer)
  const works = open !== undefined || probes.some(({ code }) => code === 'reached')
  const checks = probes.map((probe) => {
    const finding = probeFinding(probe, works ? 'ok' : 'critical', who)
    return checked(area, probe.address, finding)
  })
  if (open !== undefined || (probes.length === 1 && !works)) return checks
  const session = await opened(parts, { probes, peer, who, addresses }, signal)
  return [...checks, checked(area, 'session', session)]
}

interface Opening {
  readonly probes: readonly Probe[]
  readonly peer: PeerIdText | undefined
  readonly who: string
  readonly addresses: readonly string[]
}

/** There is no session: why not, or whether there can be one now. */
async function opened(
  parts: DoctorParts,
  { probes, peer, who, addresses }: Opening,
  signal: AbortSignal
): Promise<Finding> {
  if (addresses.length === 0) {
    const text = 'not connected: no address of it is known'
    const hint = `lumos peers connect ADDRESS   (on ${who}: lumos id)`
    return { state: 'critical', code: 'no-address', text, hint }
  }
  const cause = mainCause(probes)
  if (cause !== undefined) {
    const { text, hint } = probeFinding(cause, 'critical', who)
    const tried = probes.map(({ address, text: why }): Attempt => ({
      step: address,
      ok: false,
      text: why
    }))
    return {
      state: 'critical',
      code: causeOf(cause.code),
      text: `not connected: ${text}`,
      hint,
      tried
    }
  }
  return greeted(parts, { peer, who }, signal)
}

/** The wall is open and the handshake done: what HELLO says is left. */
async function greeted(
  { assembly, clock }: DoctorParts,
  { peer, who }: Pick<Opening, 'peer' | 'who'>,
  signal: AbortSignal
): Promise<Finding> {
  if (peer === undefined) return { state: 'unknown', text: 'nobody said who is there' }
  const begun = clock.monotonic()
  const ms = LIMITS.doctorAnswer.value
  try {
    const session = await within(clock, { ms, signal }, (over) =>
      assembly.wire.sessions.connect(peer, { signal: over })
    )
    const tookMs = clock.monotonic() - begun
    return { state: 'ok', text: `connected now: ${describe(session)}`, tookMs }
  } catch (cause) {
    const tookMs = clock.monotonic() - begun
    return { ...refusal(isLate(cause) ? 'late' : toLumosError(cause), who), tookMs }
  }
}

function isLate(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'TimeoutError'
}

function refusal(error: LumosError | 'late', who: string): Finding {
  const state = 'critical'
  if (error === 'late') {
    const text = `${who} lets us in and then says nothing: it hangs`
    return { state, code: 'hung', text, hint: `on ${who}: lumos restart` }
  }
  const { code, details, message, hint } = error
  if (code === 'OTHER_SWARM') {
    const id = details['swarm'] === undefined ? '' : ` (swarm id ${String(details['swarm'])})`
    const text = `${who} is reached, and belongs to another swarm${id}`
    return {
      state,
      code: 'other-swarm',
      text,
      hint: joinAdvice(who)
    }
  }
  if (code === 'VERSION_MISMATCH') {
    const text = `${who} is reached, and speaks another version of the protocol: ${message}`
    return {
      state,
      code: 'version',
      text,
      hint: 'npm install -g lumos-mesh@latest   on the older of both'
    }
  }
  return {
    state,
    code: 'no-session',
    text: `${who} is reached, and takes no session: ${message}`,
    hint
  }
}

function describe({ hello, path, roundTripMs }: Session): string {
  const trip = roundTripMs === undefined ? '' : `, round trip ${roundTripMs.toFixed(1)} ms`
  return `${path}, Lumos ${hello.version}, swarm fits${trip}`
}
