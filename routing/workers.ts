/** Speaks with the worker of a task, whether it is a peer or this node itself. */
import type { A2aOperations, PushConfigOperations } from '../core/a2a-operations.ts'
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import { createA2aClient } from '../protocols/a2a/client.ts'
import type { A2aCallOptions } from '../protocols/a2a/client.ts'
import type { ServerOptions } from '../protocols/a2a/server.ts'
import type { Session, SessionEvents } from '../protocols/session/session.ts'
import { createSilentPeers } from './silent-peers.ts'
import type { SilentPeers } from './silent-peers.ts'
import type { LumosError } from '../core/errors.ts'
import { toLumosError } from '../core/errors.ts'
import { RecentMap } from '../core/recent-map.ts'
import type { EventEmitter } from 'node:events'

/** What routing needs of the sessions. */
export interface RouteSessions {
  readonly events: EventEmitter<SessionEvents>
  get(peer: PeerIdText): Session | undefined
  connect(peer: PeerIdText, options?: { readonly signal?: AbortSignal }): Promise<Session>
}

export interface WorkersComponents {
  readonly clock: Clock
  readonly sessions: RouteSessions
  /** This node's own agents. */
  readonly local: A2aOperations<ServerOptions>
}

export type Worker = Omit<A2aOperations<A2aCallOptions>, keyof PushConfigOperations<A2aCallOptions>>

export interface Workers {
  /** Connects if necessary. */
  reach(peer: PeerIdText, signal?: AbortSignal): Promise<Worker>
  path(peer: PeerIdText): 'local' | 'direct' | 'relay'
  rttMs(peer: PeerIdText): number | undefined
  /** Those that stand still; they are not reachable. */
  readonly silent: Pick<SilentPeers, 'has' | 'unlessSilent'>
  isReachable(peer: PeerIdText): boolean
  whenReachable(peer: PeerIdText, signal: AbortSignal): Promise<void>
}

/**
 * A peer that could not be reached is not dialled again for so many milliseconds: a node that comes
 * back with a thousand open orders for it would do nothing else.
 */
const UNREACHABLE_MS = 100
/** Peers of which that is remembered. */
const UNREACHABLE_PEERS = 256

interface Unreachable {
  readonly error: LumosError
  /** Monotonic milliseconds. */
  readonly until: number
}

export function createWorkers(
  { clock, sessions, local }: WorkersComponents,
  self: PeerIdText
): Workers {
  const own = asWorker(local, self)
  const silent = createSilentPeers({ sessions })
  const clients = new WeakMap<Session, Worker>()
  const unreachable = new RecentMap<PeerIdText, Unreachable>(UNREACHABLE_PEERS)

  async function connect(peer: PeerIdText, signal: AbortSignal | undefined): Promise<Session> {
    const failed = unreachable.get(peer)
    if (failed !== undefined && clock.monotonic() < failed.until) throw failed.error
    try {
      return await sessions.connect(peer, { ...(signal && { signal }) })
    } catch (cause) {
      const error = toLumosError(cause)
      if (signal?.aborted !== true) remember(peer, error)
      throw error
    }
  }

  function remember(peer: PeerIdText, error: LumosError): void {
    unreachable.set(peer, { error, until: clock.monotonic() + UNREACHABLE_MS })
  }

  function clientOf(session: Session): Worker {
    const known = clients.get(session) ?? createA2aClient(session)
    clients.set(session, known)
    return known
  }

  function isReachable(peer: PeerIdText): boolean {
    return peer === self || (sessions.get(peer) !== undefined && !silent.has(peer))
  }

  return {
    async reach(peer, signal) {
      if (peer === self) return own
      return clientOf(sessions.get(peer) ?? (await connect(peer, signal)))
    },
    path: (peer) => (peer === self ? 'local' : (sessions.get(peer)?.path ?? 'direct')),
    silent,
    rttMs: (peer) => sessions.get(peer)?.roundTripMs,
    isReachable,
    whenReachable: (peer, signal) => whenReachable(peer, { signal, sessions, silent, isReachable })
  }
}

interface WaitInit extends Pick<Workers, 'isReachable'> {
  readonly signal: AbortSignal
  readonly sessions: Pick<RouteSessions, 'events'>
  readonly silent: Pick<SilentPeers, 'events'>
}

/** Resolves when there is a session with the peer and it is heard, or `signal` aborts. */
function whenReachable(
  peer: PeerIdText,
  { signal, sessions, silent, isReachable }: WaitInit
): Promise<void> {
  if (isReachable(peer) || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    function leave(): void {
      sessions.events.off('opened', onOpened)
      silent.events.off('over', onHeard)
      signal.removeEventListener('abort', leave)
      resolve()
    }
    function onHeard(heard: PeerIdText): void {
      if (heard === peer && isReachable(peer)) leave()
    }
    function onOpened(session: Session): void {
      if (session.peer === peer) leave()
    }
    sessions.events.on('opened', onOpened)
    silent.events.on('over', onHeard)
    signal.addEventListener('abort', leave)
  })
}

const NEVER = new AbortController().signal

/** This node as its own worker: the same operations without a wire, in its own name. */
function asWorker(local: A2aOperations<ServerOptions>, caller: PeerIdText): Worker {
  const as = ({ signal = NEVER, deadlineMs, depth, after }: A2aCallOptions): ServerOptions => ({
    caller,
    signal,
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(depth !== undefined && { depth }),
    ...(after && { after })
  })
  return {
    sendMessage: (request, options) => local.sendMessage(request, as(options)),
    sendStreamingMessage: (request, options) => local.sendStreamingMessage(request, as(options)),
    getTask: (request, options) => local.getTask(request, as(options)),
    listTasks: (request, options) => local.listTasks(request, as(options)),
    cancelTask: (request, options) => local.cancelTask(request, as(options)),
    subscribeToTask: (request, options) => local.subscribeToTask(request, as(options)),
    getExtendedAgentCard: (request, options) => local.getExtendedAgentCard(request, as(options))
  }
}
