/** Runs a project that is being written: with each save a new process, the old one until the new one is there. */
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Agent, AgentOutput, AgentRequest } from '../agent.ts'
import type { Roster } from '../roster.ts'
import { createHostedAgent } from './hosted-agent.ts'
import type { QuestionStates } from './hosted-agent.ts'
import type { Launch, StartProcess } from './host-process.ts'
import { HostSession } from './host-session.ts'
import { placeIn, sentenceIn } from './place.ts'
import type { CodePlace } from './place.ts'
import type { HostedAgent } from './protocol.ts'

/** What those who develop it are told; see `DevEvent` in client/dev-api.ts. */
export type DevStory =
  | {
      readonly type: 'loaded'
      readonly agents: readonly HostedAgent[]
      readonly version: number
      readonly tookMs: number
    }
  | {
      readonly type: 'failed'
      readonly reason: string
      readonly place?: CodePlace
      readonly serving: boolean
    }
  | { readonly type: 'asked'; readonly agent: string; readonly request: AgentRequest }
  | {
      readonly type: 'answered'
      readonly agent: string
      readonly request: AgentRequest
      readonly tookMs: number
      readonly error?: LumosError
      readonly place?: CodePlace
      /** What the code itself said of its failure, which never leaves this node. */
      readonly reason?: string
    }
  | { readonly type: 'printed'; readonly stream: 'stdout' | 'stderr'; readonly text: string }

export interface DevProjectComponents {
  readonly clock: Clock
  readonly roster: Pick<Roster, 'assign'>
  readonly startProcess: StartProcess
  readonly states: QuestionStates
  /** Looked up anew for every start; @throws HOST_INVALID */
  readonly launch: () => Launch
  /** Tells of saved files until what it returns is called. */
  readonly watch: (onSaved: (file: string) => void) => () => void
  readonly tell: (story: DevStory) => void
}

export interface DevProjectInit {
  /** Of its agents in the roster: `dev:FILE`. */
  readonly source: string
  /** Absolute; places outside of it are not people's own code. */
  readonly folder: string
}

/** An editor writes, renames and writes again: all of that is one save. */
const SETTLE_MS = 20

export class DevProject {
  readonly #parts: DevProjectComponents
  readonly #init: DevProjectInit
  /** All processes that have not ended. */
  readonly #sessions = new Set<HostSession>()
  /** What an agent's code said of its last failure. */
  readonly #failures = new Map<string, string>()
  #unwatch: (() => void) | undefined
  #cancelLoad: (() => void) | undefined
  #turn = 0
  #version = 0
  #stopped = false
  /** The one that is asked. */
  #current: HostSession | undefined
  #loading: HostSession | undefined

  constructor(parts: DevProjectComponents, init: DevProjectInit) {
    this.#parts = parts
    this.#init = init
  }

  start(): void {
    this.#unwatch = this.#parts.watch(() => this.#saved())
    void this.#load(this.#parts.clock.monotonic())
  }

  /** Its agents are gone when this resolves, and all its processes. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#turn += 1
    this.#unwatch?.()
    this.#cancelLoad?.()
    await this.#parts.roster.assign(this.#init.source, [])
    await Promise.all(Array.from(this.#sessions, (session) => session.stop()))
  }

  #saved(): void {
    if (this.#cancelLoad !== undefined || this.#stopped) return
    const savedAt = this.#parts.clock.monotonic()
    this.#cancelLoad = this.#parts.clock.after(SETTLE_MS, () => {
      this.#cancelLoad = undefined
      void this.#load(savedAt)
    })
  }

  async #load(savedAt: number): Promise<void> {
    const turn = ++this.#turn
    // Saved over before it had loaded: nobody will ever ask it.
    void this.#loading?.stop()
    this.#loading = undefined
    let reason: string
    try {
      const session = this.#begin()
      this.#loading = session
      const agents = await session.agents
      if (turn !== this.#turn) return
      this.#loading = undefined
      if (agents !== undefined) return await this.#serve(session, agents, savedAt)
      reason = (await session.ended).reason
    } catch (error) {
      reason = toLumosError(error).message
    }
    if (turn === this.#turn) this.#tellFailure(reason)
  }

  #begin(): HostSession {
    const { clock, startProcess, launch } = this.#parts
    const session = new HostSession(
      { clock, startProcess, logger: this.#logger() },
      { host: this.#init.source, launch: launch(), memoryBytes: LIMITS.hostMemory.value }
    )
    this.#sessions.add(session)
    void this.#outlive(session)
    return session
  }

  async #outlive(session: HostSession): Promise<void> {
    const { reason } = await session.ended
    this.#sessions.delete(session)
    if (session !== this.#current || this.#stopped) return
    this.#current = undefined
    this.#tellFailure(reason)
  }

  async #serve(
    session: HostSession,
    found: readonly HostedAgent[],
    savedAt: number
  ): Promise<void> {
    const { clock, roster, tell } = this.#parts
    let left = found.length
    // The roster stops an agent when its last run has ended, and with the last agent goes the process.
    const stop = async (): Promise<void> => {
      left -= 1
      if (left === 0) await session.stop()
    }
    const before = this.#current
    this.#current = session
    try {
      await roster.assign(
        this.#init.source,
        found.map((each) => this.#agent(each, stop))
      )
    } catch (error) {
      // Another source has an agent of that id: the version before goes on.
      this.#current = before
      void session.stop()
      throw error
    }
    this.#version += 1
    const tookMs = clock.monotonic() - savedAt
    tell({ type: 'loaded', agents: found, version: this.#version, tookMs })
  }

  #agent(description: HostedAgent, stop: () => Promise<void>): Agent {
    const project = { session: async () => this.#session() }
    const agent = createHostedAgent({ project, states: this.#parts.states }, description)
    return { ...agent, run: (request) => this.#run(agent, request), stop }
  }

  #session(): HostSession {
    if (this.#current !== undefined) return this.#current
    const details = { host: this.#init.source, reason: 'it ended; save a file to start it again' }
    throw new LumosError('HOST_DOWN', { details })
  }

  async *#run(agent: Agent, request: AgentRequest): AsyncGenerator<AgentOutput, void> {
    const { clock, tell } = this.#parts
    const begun = clock.monotonic()
    const end = { type: 'answered', agent: agent.id, request } as const
    tell({ type: 'asked', agent: agent.id, request })
    try {
      yield* agent.run(request)
      tell({ ...end, tookMs: clock.monotonic() - begun })
    } catch (error) {
      const said = this.#failures.get(agent.id)
      this.#failures.delete(agent.id)
      const place = said === undefined ? undefined : placeIn(said, this.#init.folder)
      tell({
        ...end,
        tookMs: clock.monotonic() - begun,
        error: toLumosError(error),
        ...(said !== undefined && { reason: sentenceIn(said) }),
        ...(place && { place })
      })
      throw error
    }
  }

  #tellFailure(said: string): void {
    const place = placeIn(said, this.#init.folder)
    this.#parts.tell({
      type: 'failed',
      reason: sentenceIn(said),
      serving: this.#current !== undefined,
      ...(place && { place })
    })
  }

  /** What a hosted project's process would tell the node's log is told to those who write it. */
  #logger(): Logger {
    const { tell } = this.#parts
    const logger: Logger = {
      debug: () => undefined,
      info: (text) => tell({ type: 'printed', stream: 'stdout', text }),
      warn: (text, { agent } = {}) => {
        if (typeof agent === 'string')
          this.#failures.set(agent, text.replace(/^agent failed: /, ''))
        else tell({ type: 'printed', stream: 'stderr', text })
      },
      error: (text) => tell({ type: 'printed', stream: 'stderr', text }),
      child: () => logger
    }
    return logger
  }
}
