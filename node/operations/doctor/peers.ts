/** The peers as a whole: who hangs, whose clock is off, which configured address does not lead to anybody. */
import type { Peer } from '../../../client/api.ts'
import type { Check } from '../../../client/doctor-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { PeerGoal } from '../../../discovery/peers/redial-schedule.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { peerViews } from '../peer-views.ts'
import { joinAdvice, mainCause, probeFinding, shortAddress } from './advice.ts'
import { clockFinding, offsetOf } from './clocks.ts'
import { askAlive, SILENT_S } from './connected-peer.ts'
import { checked } from './examination.ts'
import type { Examination, Finding } from './examination.ts'
import type { DoctorParts } from './parts.ts'
import { probeAddress } from './probe.ts'

const AREA = 'Peers'

export function peersLooks(parts: DoctorParts): Examination[] {
  return [
    { area: AREA, name: 'connected', look: () => [connected(parts)] },
    { area: AREA, name: 'answers', look: (signal) => answers(parts, signal) },
    { area: AREA, name: 'configured addresses', look: (signal) => configured(parts, signal) },
    { area: AREA, name: 'remembered addresses', look: () => dead(parts) },
    { area: AREA, name: 'other swarms', look: () => foreign(parts) },
    { area: AREA, name: 'versions', look: () => versions(parts) },
    { area: 'Clock', name: 'skew', look: (signal) => clocks(parts, signal) }
  ]
}

function connected({ assembly }: DoctorParts): Check {
  const peers = peerViews(assembly)
  const count = peers.filter(({ state }) => state === 'connected').length
  const text = `${count} of ${peers.length} known peers connected`
  if (count > 0) return checked(AREA, 'connected', { state: 'ok', text })
  // Why a configured one is not reached is told beside this; then that is the problem.
  const isTold = assembly.finding.finder.goals().some(isFailing)
  if (isTold) return checked(AREA, 'connected', { state: 'ok', text })
  const hint =
    'lumos invite   brings in another machine; one that is known: lumos peers connect ADDRESS'
  return checked(AREA, 'connected', { state: 'warning', code: 'alone', text, hint })
}

/** As many as are asked; more would only take longer. */
function askable({ assembly }: DoctorParts): readonly Session[] {
  return assembly.wire.sessions.all().slice(0, LIMITS.doctorPeers.value)
}

async function answers(parts: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const found = await Promise.all(
    askable(parts).map(async (session): Promise<Check | undefined> => {
      const { name } = session.hello
      const error = await askAlive(session, signal)
      // One that has just gone is no problem of this node.
      if (error?.code !== 'TIMED_OUT') return undefined
      const text = `${name} is connected, but has not answered for ${SILENT_S} s: it hangs (stopped, or overloaded)`
      const hint = `on ${name}: lumos restart; more: lumos doctor --peer ${name}`
      return checked(AREA, name, { state: 'critical', code: 'hung', text, hint })
    })
  )
  return found.filter((check) => check !== undefined)
}

function isFailing({ pinned, state }: PeerGoal): boolean {
  return pinned && state !== 'connected'
}

/** Configured, or asked for by a person, and not connected: tried now. */
async function configured(parts: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const goals = parts.assembly.finding.finder.goals().filter(({ pinned }) => pinned)
  if (goals.length === 0) return []
  const failing = goals.filter(isFailing).slice(0, LIMITS.doctorPeers.value)
  const checks = await Promise.all(failing.map((goal) => tryGoal(parts, goal, signal)))
  const reached = goals.length - goals.filter(isFailing).length
  const text = `${reached} of ${goals.length} configured addresses connected`
  return [checked(AREA, 'configured addresses', { state: 'ok', text }), ...checks]
}

async function tryGoal(parts: DoctorParts, goal: PeerGoal, signal: AbortSignal): Promise<Check> {
  const { peer, name, addresses, error } = goal
  const who = name ?? 'that machine'
  const [first = ''] = addresses
  const probes = await Promise.all(
    addresses.map((address) => probeAddress(parts, { address, expected: peer }, signal))
  )
  const cause = mainCause(probes)
  if (cause !== undefined) return checked(AREA, first, probeFinding(cause, 'critical', who))
  return checked(AREA, first, refused(first, who, error))
}

/** The address leads there; what is said then is the matter. */
function refused(address: string, who: string, error: PeerGoal['error']): Finding {
  const shown = shortAddress(address)
  if (error === undefined || error.retry) {
    return { state: 'ok', text: `${shown}: can be reached; the connection is on its way` }
  }
  const isOther = error.code === 'OTHER_SWARM'
  const { swarm } = error.details
  const text = isOther
    ? `${shown}: a node of another swarm${swarm === undefined ? '' : ` (swarm id ${String(swarm)})`}`
    : `${shown}: ${error.message}`
  return {
    state: 'critical',
    code: isOther ? 'other-swarm' : 'refused-session',
    text,
    hint: isOther ? joinAdvice(who) : error.hint
  }
}

/** They do no harm, but dials of a peer that has gone begin with them. */
function dead({ assembly }: DoctorParts): Check[] {
  const count = assembly.finding.finder.dead()
  if (count === 0) return []
  const text = `${count} remembered addresses of connected peers lead nowhere any more`
  return [checked(AREA, 'remembered addresses', { state: 'ok', text, fix: 'addresses' })]
}

/** That others have swarms of their own is no problem, unless one wonders why nobody is there. */
function foreign({ assembly }: DoctorParts): Check[] {
  const goals = new Set(assembly.finding.finder.goals().map(({ peer }) => peer))
  const others = peerViews(assembly).filter(
    ({ state, error, id }: Peer) =>
      state === 'refused' && error !== undefined && !goals.has(id) && error.code === 'OTHER_SWARM'
  )
  if (others.length === 0) return []
  const names = others.map(({ name, id, foundBy }) => `${name || id.slice(-8)} (${foundBy.join()})`)
  const text = `nodes of other swarms are near: ${names.join(', ')}`
  const alone = assembly.wire.sessions.all().length === 0
  return [
    checked(AREA, 'other swarms', {
      state: alone ? 'warning' : 'ok',
      code: 'other-swarm',
      text,
      hint: 'lumos join INVITE   (the invite is made there by: lumos invite)'
    })
  ]
}

function major(version: string): string {
  return version.split('.')[0] ?? ''
}

function versions({ assembly }: DoctorParts): Check[] {
  const own = assembly.init.version
  const all = assembly.wire.sessions.all()
  if (all.length === 0) return []
  const others = all.filter(({ hello }) => major(hello.version) !== major(own))
  if (others.length === 0) {
    const told = [...new Set(all.map(({ hello }) => hello.version))].toSorted().join(', ')
    return [checked(AREA, 'versions', { state: 'ok', text: `versions of peers: ${told}` })]
  }
  const names = others.map(({ hello }) => `${hello.name} ${hello.version}`).join(', ')
  return [
    checked(AREA, 'versions', {
      state: 'warning',
      code: 'version',
      text: `this node is ${own}; others differ: ${names}`,
      hint: 'npm install -g lumos-mesh@latest   on the older ones'
    })
  ]
}

async function clocks(parts: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const offsets = await Promise.all(
    askable(parts).map(async (session) => ({
      name: session.hello.name,
      offsetMs: await offsetOf(parts.clock, session, signal)
    }))
  )
  return [checked('Clock', 'skew', clockFinding(offsets, parts.clock.now()))]
}
