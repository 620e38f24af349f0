/** The state of this node in one document, with what is wrong in words. */
import { API_VERSION } from '../../client/api.ts'
import type { Identity, Status } from '../../client/api.ts'
import type { Assembly } from '../assembly.ts'
import type { NodeGateway } from '../gateway.ts'
import type { LoopMonitor } from '../metrics/loop-monitor.ts'
import { problemsOf } from './problems.ts'

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
