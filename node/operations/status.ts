/** The state of this node in one document, with what is wrong in words. */
import { API_VERSION } from '../../client/api.ts'
import type { Identity, Status } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { Assembly } from '../assembly.ts'
import type { NodeGateway } from '../gateway.ts'
import type { LoopMonitor } from '../metrics/loop-monitor.ts'

export interface StatusFacts {
  readonly loop: LoopMonitor
  /** `clock.monotonic()` at the start of the node. */
  readonly startedAt: number
  /** The control socket. */
  readonly socket: string
  /** Where the doors over HTTP are; `undefined` for shut ones. */
  readonly gateway: Pick<NodeGateway, 'url' | 'auth'>
}

export function identityDocument({ wire }: Assembly): Identity {
  return {
    v: API_VERSION,
    peerId: wire.identity.peer,
    name: wire.name,
    swarm: wire.swarm.name,
    addresses: wire.network.addresses()
  }
}

export function statusDocument(
  assembly: Assembly,
  { loop, startedAt, socket, gateway }: StatusFacts
): Status {
  const { wire, engine, work, capabilities, init, components } = assembly
  return {
    ...identityDocument(assembly),
    version: init.version,
    profile: init.paths.profile,
    pid: process.pid,
    socket,
    swarmId: wire.swarm.id,
    open: wire.swarm.key === undefined,
    gateway: gateway.url === undefined ? null : { url: gateway.url, auth: gateway.auth },
    peers: wire.sessions.all().length,
    agents: capabilities.book.cards().length,
    tasks: engine.counts(),
    asked: work.delegations.counts(),
    uptimeMs: Math.round(components.clock.monotonic() - startedAt),
    rssBytes: process.memoryUsage.rss(),
    eventLoopDelayMs: Number(loop.delayMs().toFixed(1)),
    problems: problemsOf(assembly)
  }
}

export function problemsOf(assembly: Assembly): WireError[] {
  const { state } = assembly.database
  const readOnly = state?.name === 'read-only' ? [state.error.toWire()] : []
  return [...readOnly, ...skewed(assembly)]
}

function skewed({ wire, components }: Assembly): WireError[] {
  return wire.sessions.all().flatMap((session) => {
    const skewMs = clockSkew(session)
    if (skewMs < LIMITS.clockSkew.value) return []
    const details = { peer: session.hello.name, skewMs }
    components.logger.debug('clock skew', details)
    return [new LumosError('CLOCK_SKEW', { details }).toWire()]
  })
}

/** Milliseconds between the clocks, as far as HELLO tells: it was read at most a round trip later. */
export function clockSkew({ hello, openedAt }: Session): number {
  return Math.abs(openedAt - hello.clock)
}
