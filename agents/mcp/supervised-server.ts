/** Keeps one MCP server connected: starts it, starts it again when it dies, and gives up when it always does. */
import { EventEmitter, once } from 'node:events'
import { halfJitter } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { cleanText } from './clean-text.ts'
import { isAnswer } from './connection.ts'
import type { McpConnection, McpGreeting } from './connection.ts'
import { EMPTY_LISTING } from './listing.ts'
import type { McpListing } from './listing.ts'
import type { McpOpener } from './open-link.ts'
import { createRefresher } from './refresher.ts'

const RETRY = { first: LIMITS.mcpRetryFirst.value, most: LIMITS.mcpRetryMost.value }

/** `waiting`: for the next try. `quarantined`: it died too often, and waits for a person. */
export type McpState = 'starting' | 'ready' | 'waiting' | 'quarantined' | 'stopped'

export interface McpStatus {
  readonly state: McpState
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Connections after the first one, since the node started. */
  readonly restarts: number
  readonly greeting: McpGreeting | undefined
  /** Why it is not ready. */
  readonly reason: string | undefined
}

export interface McpUse<T> {
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeoutMs: number
  readonly use: (connection: McpConnection, signal: AbortSignal) => Promise<T>
}

export interface SupervisedServer extends Component {
  readonly events: EventEmitter<{ changed: [] }>
  status(): McpStatus
  /** What it offered last; nothing while it is quarantined or stopped. */
  listing(): McpListing
  /**
   * Waits for a server that is about to be there.
   *
   * @throws MCP_SERVER_DOWN, MCP_BUSY, MCP_REFUSED, TIMED_OUT; the reason of the signal
   */
  ask<T>(use: McpUse<T>): Promise<T>
  /** A new connection at once, also out of quarantine. */
  restart(): void
}

export interface SupervisedServerComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly open: McpOpener
}

export interface SupervisedServerInit {
  readonly name: string
  /** Whether its ends count against the budget: a program that dies costs, a server that is away does not. */
  readonly isProcess: boolean
}

export function createSupervisedServer(
  components: SupervisedServerComponents,
  init: SupervisedServerInit
): SupervisedServer {
  return new Supervisor(components, init)
}

const REASON_LENGTH = 300

class Supervisor implements SupervisedServer {
  readonly events = new EventEmitter<{ changed: [] }>()
  readonly #components: SupervisedServerComponents
  readonly #init: SupervisedServerInit
  /** Moments of its ends that still count. */
  #deaths: number[] = []
  #tries = 0
  #status: McpStatus
  #listing: McpListing = EMPTY_LISTING
  #connection: McpConnection | undefined
  #calls = 0
  #stopping = new AbortController()
  /** Ends the wait for the next try, or the connection there is. */
  #again = new AbortController()
  #life: Promise<void> | undefined

  constructor(components: SupervisedServerComponents, init: SupervisedServerInit) {
    this.#components = components
    this.#init = init
    // Each call that waits for the server listens, and those are bounded.
    this.events.setMaxListeners(0)
    this.#status = {
      state: 'stopped',
      since: components.clock.now(),
      restarts: 0,
      greeting: undefined,
      reason: undefined
    }
  }

  /** Does not wait for the server: a node starts whether its servers do or not. */
  async start(): Promise<void> {
    if (this.#life !== undefined) return
    this.#stopping = new AbortController()
    this.#enter('starting')
    this.#life = this.#live(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#life
    this.#life = undefined
  }

  status(): McpStatus {
    return this.#status
  }

  listing(): McpListing {
    return this.#listing
  }

  restart(): void {
    this.#deaths = []
    this.#tries = 0
    this.#again.abort()
  }

  async ask<T>({ signal, timeoutMs, use }: McpUse<T>): Promise<T> {
    const limit = LIMITS.mcpCallsInFlight.value
    const server = this.#init.name
    if (this.#calls >= limit)
      throw new LumosError('MCP_BUSY', { details: { server, calls: limit } })
    const deadline = this.#components.clock.timeout(timeoutMs)
    const either = AbortSignal.any([signal, deadline])
    this.#calls += 1
    try {
      const connection = this.#connection ?? (await this.#ready(either))
      return await unlessAborted(use(connection, either), either)
    } catch (error) {
      signal.throwIfAborted()
      if (deadline.aborted)
        throw new LumosError('TIMED_OUT', { cause: error, details: { timeoutMs } })
      throw this.#failure(error)
    } finally {
      this.#calls -= 1
    }
  }

  async #live(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      this.#again = new AbortController()
      const over = AbortSignal.any([stopped, this.#again.signal])
      const reason = await this.#connectOnce(over)
      if (stopped.aborted) break
      if (!over.aborted) await this.#rest(reason, over)
      if (stopped.aborted) break
      this.#enter('starting', { restarts: this.#status.restarts + 1 })
    }
    this.#listing = EMPTY_LISTING
    this.#enter('stopped')
  }

  /** One connection from its beginning to its end; resolves with why it ended. */
  async #connectOnce(over: AbortSignal): Promise<string> {
    const { clock, open, logger } = this.#components
    let connection: McpConnection | undefined
    let isStale = false
    const refresh = createRefresher(clock, () => this.#refresh(connection), over)
    const onListChanged = (): void => {
      if (this.#connection === undefined) isStale = true
      else refresh()
    }
    try {
      const deadline = AbortSignal.any([over, clock.timeout(LIMITS.mcpStart.value)])
      connection = await open(onListChanged, deadline)
      this.#listing = await unlessAborted(connection.list(deadline), deadline)
      this.#connection = connection
      this.#enter('ready', { greeting: connection.greeting })
      logger.info('the server is ready', { ...connection.greeting })
      // It changed while it was read.
      if (isStale) refresh()
      return await unlessAborted(connection.ended, over)
    } catch (error) {
      return reasonOf(error)
    } finally {
      this.#connection = undefined
      await connection?.close().catch(() => {})
    }
  }

  /** Until the next try. */
  async #rest(reason: string, over: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#components
    const { value: window } = LIMITS.mcpDeathWindow
    const now = clock.monotonic()
    // Who was there for so long begins anew.
    if (this.#status.state === 'ready' && clock.now() - this.#status.since > window) this.#tries = 0
    this.#deaths = [...this.#deaths.filter((at) => now - at < window), now]
    if (this.#init.isProcess && this.#deaths.length >= LIMITS.mcpDeaths.value) {
      logger.error('the server dies too often and is not started again', { reason })
      this.#listing = EMPTY_LISTING
      this.#enter('quarantined', { reason })
      await aborted(over)
      return
    }
    const waitMs = Math.round(halfJitter(random, this.#tries, RETRY))
    this.#tries += 1
    logger.warn('the server is gone and will be started again', { reason, waitMs })
    this.#enter('waiting', { reason })
    await clock.sleep(waitMs, over)
  }

  async #refresh(connection: McpConnection | undefined): Promise<void> {
    if (connection === undefined || this.#connection !== connection) return
    try {
      const listing = await connection.list(this.#components.clock.timeout(LIMITS.mcpStart.value))
      if (this.#connection !== connection) return
      this.#listing = listing
      this.events.emit('changed')
    } catch (error) {
      this.#components.logger.warn('the server did not tell what has changed', { error })
    }
  }

  async #ready(signal: AbortSignal): Promise<McpConnection> {
    for (;;) {
      if (this.#connection !== undefined) return this.#connection
      const { state, reason = state } = this.#status
      if (state === 'quarantined' || state === 'stopped') throw this.#down(reason)
      await once(this.events, 'changed', { signal })
    }
  }

  #enter(state: McpState, facts: Partial<McpStatus> = {}): void {
    const { restarts, greeting, reason } = this.#status
    this.#status = {
      restarts,
      state,
      since: this.#components.clock.now(),
      greeting: state === 'ready' ? greeting : undefined,
      // A server that is started again says why until it is ready.
      reason: state === 'starting' ? reason : undefined,
      ...facts
    }
    this.events.emit('changed')
  }

  #failure(error: unknown): LumosError {
    if (error instanceof LumosError) return error
    if (!isAnswer(error)) return this.#down(reasonOf(error), error)
    const details = { server: this.#init.name, reason: reasonOf(error) }
    return new LumosError('MCP_REFUSED', { cause: error, details })
  }

  #down(reason: string, cause?: unknown): LumosError {
    return new LumosError('MCP_SERVER_DOWN', {
      cause,
      details: { server: this.#init.name, reason }
    })
  }
}

function reasonOf(error: unknown): string {
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
  if (timedOut) return `it was not ready within ${LIMITS.mcpStart.value / 1000} s`
  return cleanText(error instanceof Error ? error.message : String(error), REASON_LENGTH)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
