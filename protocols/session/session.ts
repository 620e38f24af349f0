/** What a session offers: many calls with one peer over one long-lived stream. */
import type { EventEmitter } from 'node:events'
import type { Component } from '../../core/component.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'

/** The first thing each side says. Unknown fields are kept: newer peers may say more. */
export interface Hello {
  /** Session protocol version, `major.minor`; majors must be equal. */
  readonly protocol: string
  /** Swarm id (trust/swarm.ts); must be equal. */
  readonly swarm: string
  /** Readable node name. */
  readonly name: string
  /** Lumos version, for people. */
  readonly version: string
  /** Random per process start: tells a restarted peer, or a second process with the same key. */
  readonly instance: string
  /** Sender's wall clock, milliseconds since the epoch. */
  readonly clock: number
  /** What other parts want the peer to know at once (card digests, free slots, ...). */
  readonly fields: JsonObject
}

export interface CallOptions {
  /** Aborting sends CANCEL to the peer. */
  readonly signal?: AbortSignal
  /** Travels as remaining milliseconds; the default is LIMITS.callTimeout. `Infinity` means none. */
  readonly timeoutMs?: number
  /** Small facts beside the body, such as trace context. */
  readonly headers?: JsonObject
}

export interface Session {
  readonly peer: PeerIdText
  /** What the peer said in its HELLO. */
  readonly hello: Hello
  /** Milliseconds since the epoch. */
  readonly openedAt: number
  readonly path: 'direct' | 'relay'
  /** Last heartbeat's round trip; `undefined` until the first. */
  readonly roundTripMs: number | undefined
  /**
   * Tells when the peer stands still for LIMITS.peerSilence although it is asked for signs of life, and when
   * it is heard again; the session lives on. Returns what ends the watch.
   */
  watchSilence(watcher: (isSilent: boolean) => void): () => void
  /** One request, one response. */
  request(method: string, body: Uint8Array, options?: CallOptions): Promise<Uint8Array>
  /** One request, any number of responses. Leaving the loop early cancels the call at the peer. */
  stream(method: string, body: Uint8Array, options?: CallOptions): AsyncIterableIterator<Uint8Array>
}

export interface CallContext {
  readonly peer: PeerIdText
  readonly headers: JsonObject
  /** Aborts when the caller cancels, its deadline passes or the session closes. */
  readonly signal: AbortSignal
  /** Milliseconds left of the caller's deadline; `Infinity` when it set none. */
  remainingMs(): number
}

export type RequestHandler = (
  body: Uint8Array,
  context: CallContext
) => Promise<Uint8Array> | Uint8Array

export type StreamHandler = (body: Uint8Array, context: CallContext) => AsyncIterable<Uint8Array>

export interface MethodOptions {
  /** Of a request; what is larger is refused while it arrives. Default and most: LIMITS.messageBytes. */
  readonly mostBytes?: number
}

/** Methods that this node answers; filled by `node/` before the sessions start. */
export interface MethodTable {
  request(method: string, handler: RequestHandler, options?: MethodOptions): void
  stream(method: string, handler: StreamHandler, options?: MethodOptions): void
}

export interface SessionEvents {
  opened: [session: Session]
  closed: [session: Session, reason: LumosError]
  /** A peer that could be reached but not used: other swarm, other version, our own key. */
  refused: [peer: PeerIdText, reason: LumosError]
  /** It did what the protocol forbids. */
  offended: [peer: PeerIdText, reason: LumosError]
}

/** All sessions of a node, at most one for each peer. */
export interface Sessions extends Component {
  readonly events: EventEmitter<SessionEvents>
  readonly methods: MethodTable
  get(peer: PeerIdText): Session | undefined
  all(): readonly Session[]
  /** The session with `peer`, dialling if there is none. */
  connect(peer: PeerIdText, options?: { readonly signal?: AbortSignal }): Promise<Session>
  /** Says GOAWAY and closes; the peer may come back. */
  disconnect(peer: PeerIdText): Promise<void>
}
