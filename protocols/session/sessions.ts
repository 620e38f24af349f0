/** All sessions of a node: dials, accepts, settles duplicates, and ends in order. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { afterThisTurn } from '../../core/turn.ts'
import { startDeadline } from '../frames/deadline.ts'
import type { StreamHost } from '../frames/host.ts'
import type { FramePipe } from '../frames/pipe.ts'
import { SESSION_PROTOCOL, SESSION_VERSION } from './constants.ts'
import { ALLOWANCE, createCallQuotas } from './call-quotas.ts'
import type { Allowance, CallQuotas } from './call-quotas.ts'
import { shakeHands } from './handshake.ts'
import { SessionLink } from './link.ts'
import type { LinkOwner } from './link.ts'
import { createMethods } from './methods.ts'
import type { Methods, Permit } from './methods.ts'
import { PeerSession } from './peer-session.ts'
import type { Hello, Session, SessionEvents, Sessions } from './session.ts'
import type { SessionMeter } from './session-meter.ts'
import { Strikes } from './strikes.ts'

/** What a node says of itself; protocol version, instance and clock are added. */
export type HelloFacts = Pick<Hello, 'swarm' | 'name' | 'version' | 'fields'>

export interface SessionsComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly host: StreamHost
  /** Asked at every handshake, so that a peer hears what is true now. */
  readonly hello: () => HelloFacts
  /** Asked before each call of a peer is handled. */
  readonly permit: Permit
  readonly meter?: SessionMeter
}

export interface SessionsInit {
  /** This process; the default is 16 random bytes in hex. */
  readonly instance?: string
  /** The default is that of the limits. */
  readonly allowance?: Allowance
}

/** Twice as many as there are parts: more would be a leak. */
const MOST_LISTENERS = 32

/** The `methods` may be filled until the node stops; calls of unknown ones are answered so. */
export function createSessions(components: SessionsComponents, init: SessionsInit = {}): Sessions {
  return new PeerSessions(components, init)
}

class PeerSessions implements Sessions, LinkOwner {
  readonly events = new EventEmitter<SessionEvents>()
  readonly methods: Methods
  readonly #components: SessionsComponents
  readonly #instance: string
  readonly #sessions = new Map<PeerIdText, PeerSession>()
  /** Links of sessions that were left or replaced and still finish calls are here, too. */
  readonly #links = new Set<SessionLink>()
  readonly #handshakes = new Set<FramePipe>()
  readonly #dials = new Map<PeerIdText, Promise<Session>>()
  readonly #strikes: Strikes
  readonly #quotas: CallQuotas
  #stopping = new AbortController()
  #unhandle: (() => Promise<void>) | undefined
  #running = false

  constructor(components: SessionsComponents, { instance, allowance = ALLOWANCE }: SessionsInit) {
    this.#components = components
    this.methods = createMethods(components.permit)
    // Each part of the node that cares for peers listens: discovery, memory, routing, grants, members.
    this.events.setMaxListeners(MOST_LISTENERS)
    this.#instance = instance ?? Buffer.from(components.random.bytes(16)).toString('hex')
    this.#strikes = new Strikes(components.clock)
    this.#quotas = createCallQuotas(components, allowance)
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#stopping = new AbortController()
    this.#unhandle = await this.#components.host.handle(
      SESSION_PROTOCOL,
      (pipe) => this.#onInbound(pipe),
      { maxStreams: LIMITS.sessionStreams.value }
    )
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    const reason = new LumosError('SHUTTING_DOWN')
    this.#stopping.abort(reason)
    await this.#unhandle?.()
    for (const pipe of this.#handshakes) pipe.abort(reason)
    const links = [...this.#links]
    for (const link of links) link.goAway(reason, LIMITS.sessionDrain.value)
    await Promise.all(links.map(({ gone }) => gone))
  }

  get(peer: PeerIdText): Session | undefined {
    const session = this.#sessions.get(peer)
    return session?.usable === true ? session : undefined
  }

  all(): readonly Session[] {
    return [...this.#sessions.values()].filter(({ usable }) => usable)
  }

  connect(peer: PeerIdText, options: { readonly signal?: AbortSignal } = {}): Promise<Session> {
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (!this.#running) return Promise.reject(new LumosError('SHUTTING_DOWN'))
    const session = this.get(peer)
    if (session !== undefined) return Promise.resolve(session)
    const dial = this.#dials.get(peer) ?? this.#dial(peer)
    return signal === undefined ? dial : abandonable(dial, signal)
  }

  async disconnect(peer: PeerIdText): Promise<void> {
    const session = this.#sessions.get(peer)
    if (session === undefined) return
    const reason = new LumosError('SESSION_CLOSED', { details: { peer } })
    this.#forget(session, reason)
    for (const link of session.links) link.goAway(reason, LIMITS.sessionDrain.value)
    await Promise.all(session.links.map(({ gone }) => gone))
  }

  leaving(link: SessionLink, reason: LumosError): void {
    const { peer } = link
    this.#components.logger.debug('a peer ends the session', { peer, code: reason.code })
    // Its other process runs with the same key as this one.
    if (reason.code === 'DUPLICATE_KEY') this.events.emit('refused', peer, reason)
    this.#detach(link, reason)
  }

  closed(link: SessionLink, reason: LumosError): void {
    const { peer } = link
    this.#links.delete(link)
    if (OFFENCES.has(reason.code)) this.#strike(peer, reason)
    this.#components.logger.debug('session stream closed', { peer, code: reason.code })
    this.#detach(link, reason)
  }

  #dial(peer: PeerIdText): Promise<Session> {
    const dial = this.#open(peer).finally(() => this.#dials.delete(peer))
    this.#dials.set(peer, dial)
    // Every caller may have left by the time it fails.
    dial.catch(() => {})
    return dial
  }

  async #open(peer: PeerIdText): Promise<Session> {
    if (peer === this.#components.host.self) throw new LumosError('DUPLICATE_KEY')
    const opened = Promise.withResolvers<Session>()
    // The peer may get through to us first.
    const onOpened = (session: Session): void => {
      if (session.peer === peer) opened.resolve(session)
    }
    this.events.on('opened', onOpened)
    try {
      const dialled = this.#openStream(peer)
      dialled.catch(opened.reject)
      // A stream that joins an open session is no event.
      return await Promise.race([opened.promise, dialled.then(() => this.#connected(peer))])
    } finally {
      this.events.off('opened', onOpened)
    }
  }

  #connected(peer: PeerIdText): Session {
    const session = this.get(peer)
    if (session === undefined) throw new LumosError('SESSION_CLOSED', { details: { peer } })
    return session
  }

  async #openStream(peer: PeerIdText): Promise<void> {
    const { clock, host } = this.#components
    const deadline = startDeadline(clock, LIMITS.sessionDial.value)
    const signal = AbortSignal.any([deadline.signal, this.#stopping.signal])
    try {
      const pipe = await host.open(peer, SESSION_PROTOCOL, signal)
      await this.#handshake(pipe)
    } catch (cause) {
      if (!deadline.signal.aborted) throw cause
      throw new LumosError('PEER_UNREACHABLE', { cause, details: { peer } })
    } finally {
      deadline.cancel()
    }
  }

  #onInbound(pipe: FramePipe): void {
    const { peer } = pipe
    const waiting = [...this.#handshakes].filter((other) => other.peer === peer)
    const isTooMany =
      waiting.length >= LIMITS.sessionHandshakes.value || !this.#quotas.of(peer).handshake()
    if (isTooMany || this.#strikes.banned(peer)) {
      pipe.abort(new LumosError('SESSION_LIMIT', { details: { peer } }))
      return
    }
    this.#handshake(pipe).catch((error: unknown) => {
      this.#components.logger.debug('a session did not open', { peer, error })
    })
  }

  /** Resolves when both sides have said HELLO. */
  #handshake(pipe: FramePipe): Promise<void> {
    const { clock } = this.#components
    const done = Promise.withResolvers<void>()
    this.#handshakes.add(pipe)
    const finish = (error?: Error): void => {
      this.#handshakes.delete(pipe)
      if (error === undefined) done.resolve()
      else done.reject(error)
    }
    shakeHands({ clock }, pipe, {
      hello: this.#hello(),
      judge: (theirs) => this.#judge(pipe.peer, theirs),
      outcome: {
        accepted: (hello) => {
          const link = this.#adopt(pipe, hello)
          finish()
          return link
        },
        refused: (reason) => {
          this.events.emit('refused', pipe.peer, reason)
          finish(reason)
        },
        failed: (error) => {
          if (error instanceof LumosError && OFFENCES.has(error.code))
            this.#strike(pipe.peer, error)
          finish(error)
        }
      }
    })
    return done.promise
  }

  #hello(): Hello {
    const { hello, clock } = this.#components
    const { swarm, name, version, fields } = hello()
    const instance = this.#instance
    return { protocol: SESSION_VERSION, swarm, name, version, instance, clock: clock.now(), fields }
  }

  #judge(peer: PeerIdText, theirs: Hello): LumosError | undefined {
    const { host, hello } = this.#components
    if (!this.#running) return new LumosError('SHUTTING_DOWN')
    if (majorOf(theirs.protocol) !== majorOf(SESSION_VERSION)) {
      const details = { theirs: theirs.protocol, ours: SESSION_VERSION }
      return new LumosError('VERSION_MISMATCH', { details })
    }
    if (theirs.swarm !== hello().swarm) {
      return new LumosError('OTHER_SWARM', { details: { peer, swarm: theirs.swarm } })
    }
    if (peer === host.self || theirs.instance === this.#instance)
      return new LumosError('DUPLICATE_KEY')
    return undefined
  }

  #adopt(pipe: FramePipe, hello: Hello): SessionLink {
    const { clock, logger, host, meter } = this.#components
    const shared = { meter, methods: this.methods, quotas: this.#quotas }
    const link = new SessionLink({ clock, logger, ...shared, defer: afterThisTurn }, pipe, this)
    this.#links.add(link)
    const old = this.#sessions.get(link.peer)
    if (old !== undefined && old.hello.instance === hello.instance) {
      old.attach(link)
      return link
    }
    if (old !== undefined) this.#replace(old)
    const session = new PeerSession({ clock, self: host.self }, link, hello)
    this.#sessions.set(link.peer, session)
    this.events.emit('opened', session)
    return link
  }

  /** The peer has restarted; should its old process still live, it learns of its double here. */
  #replace(session: PeerSession): void {
    this.#forget(session, new LumosError('SESSION_CLOSED', { details: { peer: session.peer } }))
    for (const link of session.links) link.goAway(new LumosError('DUPLICATE_KEY'), 0)
  }

  #detach(link: SessionLink, reason: LumosError): void {
    const session = this.#sessions.get(link.peer)
    if (session === undefined || !session.links.includes(link)) return
    session.detach(link)
    if (!session.usable) this.#forget(session, reason)
  }

  #forget(session: PeerSession, reason: LumosError): void {
    if (this.#sessions.get(session.peer) !== session) return
    this.#sessions.delete(session.peer)
    this.events.emit('closed', session, reason)
  }

  #strike(peer: PeerIdText, reason: LumosError): void {
    this.#strikes.add(peer)
    this.#components.logger.warn('a peer broke the session protocol', { peer, ...reason.details })
    this.events.emit('offended', peer, reason)
  }
}

const OFFENCES: ReadonlySet<string> = new Set([
  'PROTOCOL_VIOLATION',
  'FRAME_MALFORMED',
  'FRAME_TOO_LARGE'
])

function majorOf(version: string): string {
  return version.split('.')[0] ?? ''
}

/** The same promise, for a caller that may stop waiting. */
function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
