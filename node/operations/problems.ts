/** What a node knows to be wrong without asking anybody, worst first: `lumos status` shows it, `lumos doctor` looks closer. */
import { LumosError } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { Assembly } from '../assembly.ts'
import { relayPlaces, wantedRelays } from '../libp2p/relays.ts'

/** One screen has room for so many; the doctor tells all. */
const MOST_SHOWN = 8
/** A configured address that failed so often in a row is no passing trouble. */
const TRIES = 3

export function problemsOf(assembly: Assembly): WireError[] {
  return [
    ...readOnly(assembly),
    ...skewed(assembly),
    ...lapsed(assembly),
    ...unreached(assembly),
    ...refusedKeys(assembly),
    ...down(assembly)
  ]
    .slice(0, MOST_SHOWN)
    .map((error) => error.toWire())
}

function readOnly({ database: { state } }: Assembly): LumosError[] {
  return state?.name === 'read-only' ? [state.error] : []
}

function skewed({ wire, components }: Assembly): LumosError[] {
  return wire.sessions.all().flatMap((session) => {
    const skewMs = clockSkew(session)
    if (skewMs < LIMITS.clockSkew.value) return []
    const details = { peer: session.hello.name, skewMs }
    components.logger.debug('clock skew', details)
    return [new LumosError('CLOCK_SKEW', { details })]
  })
}

/** Milliseconds between the clocks, as far as HELLO tells: it was read at most a round trip later. */
function clockSkew({ hello, openedAt }: Session): number {
  return Math.abs(openedAt - hello.clock)
}

function lapsed({ wire, init }: Assembly): LumosError[] {
  const wanted = wantedRelays(init.config.listen)
  if (wanted.length === 0) return []
  const kept = new Set(relayPlaces(wire.network).map(({ relay }) => relay))
  return wanted
    .filter((relay) => !kept.has(relay))
    .map((relay) => new LumosError('RELAY_LAPSED', { details: { relay: relay.slice(-8) } }))
}

function unreached({ finding }: Assembly): LumosError[] {
  return finding.finder.goals().flatMap(({ pinned, state, error, attempts }) => {
    const isLasting = state === 'refused' || attempts >= TRIES
    return pinned && state !== 'connected' && isLasting && error !== undefined ? [error] : []
  })
}

function refusedKeys({ models }: Assembly): LumosError[] {
  return models
    .providers()
    .flatMap(({ status, problem }) => (status === 'refused' && problem ? [problem] : []))
}

function down({ mcp, hosting }: Assembly): LumosError[] {
  const servers = mcp.list().flatMap(({ name, supervised }) => {
    const { state, reason = state } = supervised.status()
    if (state !== 'waiting' && state !== 'quarantined') return []
    return [new LumosError('MCP_SERVER_DOWN', { details: { server: name, reason } })]
  })
  const projects = hosting.hosts.list().flatMap(({ name, state, reason = state }) => {
    if (state !== 'restarting' && state !== 'quarantined') return []
    return [new LumosError('HOST_DOWN', { details: { host: name, reason } })]
  })
  return [...servers, ...projects]
}
