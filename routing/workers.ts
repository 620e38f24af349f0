/** Speaks with the worker of a task, whether it is a peer or this node itself. */
import type { A2aOperations, PushConfigOperations } from '../core/a2a-operations.ts'
import type { PeerIdText } from '../core/ids.ts'
import { createA2aClient } from '../protocols/a2a/client.ts'
import type { A2aCallOptions } from '../protocols/a2a/client.ts'
import type { ServerOptions } from '../protocols/a2a/server.ts'
import type { Session, SessionEvents } from '../protocols/session/session.ts'
import type { EventEmitter } from 'node:events'

/** What routing needs of the sessions. */
export interface RouteSessions {
  readonly events: EventEmitter<SessionEvents>
  get(peer: PeerIdText): Session | undefined
  connect(peer: PeerIdText, options?: { readonly signal?: AbortSignal }): Promise<Session>
}

export interface WorkersComponents {
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
  isReachable(peer: PeerIdText): boolean
  whenReachable(peer: PeerIdText, signal: AbortSignal): Promise<void>
}

export function createWorkers({ sessions, local }: WorkersComponents, self: PeerIdText): Workers {
  const own = asWorker(local, self)
  const clients = new WeakMap<Session, Worker>()

  function clientOf(session: Session): Worker {
    const known = clients.get(session) ?? createA2aClient(session)
    clients.set(session, known)
    return known
  }

  function isReachable(peer: PeerIdText): boolean {
    return peer === self || sessions.get(peer) !== undefined
  }

  return {
    async reach(peer, signal) {
      if (peer === self) return own
      return clientOf(
        sessions.get(peer) ?? (await sessions.connect(peer, { ...(signal && { signal }) }))
      )
    },
    path: (peer) => (peer === self ? 'local' : (sessions.get(peer)?.path ?? 'direct')),
    rttMs: (peer) => sessions.get(peer)?.roundTripMs,
    isReachable,
    whenReachable(peer, signal) {
      if (isReachable(peer) || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        function leave(): void {
          sessions.events.off('opened', onOpened)
          signal.removeEventListener('abort', leave)
          resolve()
        }
        function onOpened(session: Session): void {
          if (session.peer === peer) leave()
        }
        sessions.events.on('opened', onOpened)
        signal.addEventListener('abort', leave)
      })
    }
  }
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
