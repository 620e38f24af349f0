/** What is said over `/v1/live`, in both directions: docs/protocols/live.md in types. */
import type { TaskState } from '../core/a2a.ts'
import type { WireError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { AgentSummary, Peer } from './api.ts'

/** The subprotocol of WebSocket, and the version of its words. */
export const LIVE_PROTOCOL = 'lumos.v1'
export const LIVE_VERSION = 1
export const LIVE_PATH = '/v1/live'

/** Why a connection was closed. Codes below 4000 are WebSocket's own. */
export const LIVE_CLOSE = {
  goingAway: 1001,
  tooBig: 1009,
  malformed: 4400,
  refused: 4401,
  silent: 4408,
  later: 4429
} as const

/** The first message, before anything else. */
export interface ClientHello {
  readonly hello: {
    readonly v: number
    /** For those who cannot set headers. */
    readonly token?: string
  }
}

export interface LiveCall {
  /** Chosen by the client; of its calls under way each has its own. */
  readonly id: string
  readonly call: string
  readonly params?: JsonObject
  /** `place` of the last event that the client has: a stream goes on behind it. */
  readonly after?: string
}

export type ClientMessage =
  | ClientHello
  | LiveCall
  | { readonly id: string; readonly stop: true }
  | { readonly alive: true }

export interface LiveTerms {
  readonly v: 1
  /** Name of the node. */
  readonly node: string
  /** Milliseconds after which a silent node says that it is alive. */
  readonly heartbeatMs: number
  /** Calls at a time. */
  readonly calls: number
  /** Of one message of the client. */
  readonly messageBytes: number
}

/** Each call ends with one `result`, `end` or `error`. */
export type NodeMessage =
  | { readonly hello: LiveTerms }
  | { readonly alive: true }
  | { readonly id: string; readonly event: JsonObject; readonly place: string }
  | { readonly id: string; readonly result: JsonObject | null }
  | { readonly id: string; readonly end: true }
  | { readonly id: string; readonly error: WireError }

export const TOPICS = ['peers', 'agents', 'tasks'] as const

/** What of a node can be watched. */
export type Topic = (typeof TOPICS)[number]

export type NodeEvent =
  /** What came before is not told: ask for the lists anew. */
  | { readonly type: 'resync' }
  | { readonly type: 'peer'; readonly peer: Peer }
  | { readonly type: 'peer-gone'; readonly id: string }
  | { readonly type: 'agent'; readonly agent: AgentSummary }
  | { readonly type: 'agent-gone'; readonly id: string; readonly node: string }
  /** One of the caller's own. */
  | {
      readonly type: 'task'
      readonly id: string
      readonly contextId: string
      readonly agent: string
      readonly state: TaskState
    }
