/** One WebSocket to `/v1/live`: greets, tells calls apart, and notices when nobody is there any more. */
import { LumosError, invalidRequest } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { LIVE_CLOSE, LIVE_PATH, LIVE_PROTOCOL, LIVE_VERSION } from './live-api.ts'
import type { ClientMessage, LiveTerms, NodeMessage } from './live-api.ts'
import { after } from './wait.ts'

export interface LiveTarget {
  /** Of the node's doors, for example `http://127.0.0.1:5869`. */
  readonly url: string
  readonly token?: string
}

/** An answer to a call, or `lost`: the link broke before its last message. */
export type Told = Extract<NodeMessage, { readonly id: string }> | 'lost'

export interface Link {
  /** Whether it can still be used. */
  readonly open: boolean
  /** `listener` hears every answer to the call `message.id`, until `leave`. */
  call(message: ClientMessage & { readonly id: string }, listener: (told: Told) => void): void
  /** Asks for no more of it. */
  leave(id: string): void
  close(): void
}

/** Milliseconds for a node to greet. */
const HELLO_TIMEOUT_MS = 10_000
/** Heartbeats: one may be late. */
const SILENCE = 2.5

/** @throws API_TOKEN_REFUSED, INVALID_REQUEST for good; DAEMON_DOWN for now */
export function openLink(target: LiveTarget): Promise<Link> {
  return new Promise((resolve, reject) => {
    const link = new SocketLink(target, { resolve, reject })
    link.begin()
  })
}

interface Outcome {
  readonly resolve: (link: Link) => void
  readonly reject: (error: LumosError) => void
}

class SocketLink implements Link {
  readonly #target: LiveTarget
  readonly #outcome: Outcome
  readonly #socket: WebSocket
  readonly #listeners = new Map<string, (told: Told) => void>()
  #silenceMs = HELLO_TIMEOUT_MS
  #cancelSilence: (() => void) | undefined
  open = false

  constructor(target: LiveTarget, outcome: Outcome) {
    this.#target = target
    this.#outcome = outcome
    const url = new URL(LIVE_PATH, target.url)
    url.protocol = url.protocol.replace('http', 'ws')
    this.#socket = new WebSocket(url.href, LIVE_PROTOCOL)
  }

  begin(): void {
    const { token } = this.#target
    this.#heard()
    this.#socket.addEventListener('open', () => {
      // Not in the URL, which is written down everywhere; nor in a header, which browsers cannot set.
      this.#send({ hello: { v: LIVE_VERSION, ...(token !== undefined && { token }) } })
    })
    this.#socket.addEventListener('message', ({ data }) => {
      this.#heard()
      const message = messageIn(data)
      if (message === undefined) this.#lose(LIVE_CLOSE.malformed)
      else this.#take(message)
    })
    this.#socket.addEventListener('close', ({ code }) => this.#lose(code))
  }

  call(message: ClientMessage & { readonly id: string }, listener: (told: Told) => void): void {
    this.#listeners.set(message.id, listener)
    this.#send(message)
  }

  leave(id: string): void {
    if (!this.#listeners.delete(id) || !this.open) return
    this.#send({ id, stop: true })
  }

  close(): void {
    this.#lose(LIVE_CLOSE.goingAway)
  }

  #send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message))
  }

  #take(message: NodeMessage): void {
    if ('hello' in message) return this.#welcome(message.hello)
    if ('alive' in message) return
    const listener = this.#listeners.get(message.id)
    // What comes behind its last message, or after it was left, is for nobody.
    if (!('event' in message)) this.#listeners.delete(message.id)
    listener?.(message)
  }

  #welcome({ heartbeatMs }: LiveTerms): void {
    this.#silenceMs = heartbeatMs * SILENCE
    this.open = true
    this.#heard()
    this.#outcome.resolve(this)
  }

  /** A connection that is half open says nothing, and does not close either. */
  #heard(): void {
    this.#cancelSilence?.()
    this.#cancelSilence = after(this.#silenceMs, () => this.#lose(LIVE_CLOSE.silent))
  }

  #lose(code: number): void {
    this.open = false
    this.#cancelSilence?.()
    this.#socket.close()
    this.#outcome.reject(failureOf(code, this.#target.url))
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    for (const listener of listeners) listener('lost')
  }
}

/** What a later try can get over is DAEMON_DOWN. */
function failureOf(code: number, url: string): LumosError {
  if (code === LIVE_CLOSE.refused) return new LumosError('API_TOKEN_REFUSED')
  if (code === LIVE_CLOSE.malformed) {
    const reason = 'the node speaks other words at /v1/live'
    return invalidRequest(reason)
  }
  return new LumosError('DAEMON_DOWN', { details: { profile: url } })
}

function messageIn(data: unknown): NodeMessage | undefined {
  if (typeof data !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(data)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- said by the node that this user has chosen; zod stays out of clients
    return isJsonObject(value) ? (value as unknown as NodeMessage) : undefined
  } catch {
    return undefined
  }
}
