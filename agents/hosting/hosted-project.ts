/** Keeps the process of one hosted project alive, and gives up on one that does not live. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Launch, StartProcess } from './host-process.ts'
import { HostSession } from './host-session.ts'
import type { HostEnd } from './host-session.ts'
import type { HostedAgent } from './protocol.ts'

export type ProjectState = 'starting' | 'ready' | 'restarting' | 'quarantined' | 'stopped'

export interface ProjectStatus {
  readonly state: ProjectState
  /** Why it does not run, with the last line of its program: for its owner alone. */
  readonly reason?: string
  readonly pid?: number
  readonly residentBytes?: number
  /** By itself, after its process had ended. */
  readonly restarts: number
}

export interface HostedProjectComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly startProcess: StartProcess
  /** Told what the process offers, each time it has started; a rejection ends in quarantine. */
  readonly offer: (agents: readonly HostedAgent[]) => Promise<void>
  /** Told when it is given up. */
  readonly withdraw: () => Promise<void>
}

export interface HostedProjectInit {
  readonly host: string
  /** Looked up anew for every start; @throws LumosError when there is nothing to start any more */
  readonly launch: () => Launch
  /** Resident bytes above which the process is killed. */
  readonly memoryBytes: number
}

/** What runs are told of a project that does not run, and their callers: nothing that its program said. */
const DOWN: Readonly<Record<ProjectState, string>> = {
  starting: 'its process is being started',
  ready: 'its process has just ended',
  restarting: 'its process ended and is started again',
  quarantined: 'it is quarantined: its process refused to run or ended at once several times',
  stopped: 'it is stopped'
}

export class HostedProject {
  readonly #components: HostedProjectComponents
  readonly #init: HostedProjectInit
  #state: ProjectState = 'stopped'
  #reason: string | undefined
  #session: HostSession | undefined
  #restarts = 0
  #stopping = new AbortController()
  #living: Promise<void> = Promise.resolve()
  #changed = Promise.withResolvers<void>()

  constructor(components: HostedProjectComponents, init: HostedProjectInit) {
    this.#components = components
    this.#init = init
  }

  status(): ProjectStatus {
    const pid = this.#session?.pid
    const residentBytes = this.#session?.residentBytes()
    return {
      state: this.#state,
      restarts: this.#restarts,
      ...(this.#state !== 'ready' && this.#reason !== undefined && { reason: this.#reason }),
      ...(pid !== undefined && { pid }),
      ...(residentBytes !== undefined && { residentBytes })
    }
  }

  /** Also ends a quarantine. */
  start(): void {
    if (this.#state !== 'stopped' && this.#state !== 'quarantined') return
    this.#stopping = new AbortController()
    this.#become('starting')
    this.#living = this.#live(this.#stopping.signal)
  }

  /** Resolves when it is ready, quarantined or stopped. */
  async settled(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one change after the other
    while (this.#onItsWay()) await this.#changed.promise
  }

  /**
   * The process, which may just be on its way.
   *
   * @throws HOST_DOWN, or the reason of `signal`
   */
  async session(signal: AbortSignal): Promise<HostSession> {
    const waited = AbortSignal.any([signal, this.#components.clock.timeout(LIMITS.hostWait.value)])
    for (;;) {
      signal.throwIfAborted()
      if (this.#state === 'ready' && this.#session !== undefined) return this.#session
      if (!this.#onItsWay() || waited.aborted) throw this.#down()
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#change(waited)
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#session?.stop()
    await this.#living
    this.#become('stopped')
  }

  #onItsWay(): boolean {
    return this.#state === 'starting' || this.#state === 'restarting'
  }

  #become(state: ProjectState, reason = this.#reason): void {
    this.#state = state
    this.#reason = reason
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #down(): LumosError {
    const { host } = this.#init
    return new LumosError('HOST_DOWN', { details: { host, reason: DOWN[this.#state] } })
  }

  async #change(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    const onAbort = (): void => aborted.resolve()
    signal.addEventListener('abort', onAbort)
    if (!signal.aborted) await Promise.race([this.#changed.promise, aborted.promise])
    signal.removeEventListener('abort', onAbort)
  }

  /** One process after the other, until it is stopped or given up. */
  async #live(stopped: AbortSignal): Promise<void> {
    const { clock, logger } = this.#components
    const ends: number[] = []
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      const { reason, refused } = await this.#liveOnce(stopped)
      if (stopped.aborted) return
      if (refused) return this.#quarantine(reason)
      const now = clock.monotonic()
      while (ends[0] !== undefined && ends[0] <= now - LIMITS.hostRestartWindow.value) ends.shift()
      ends.push(now)
      if (ends.length > LIMITS.hostRestarts.value) {
        return this.#quarantine(`it ended ${ends.length} times in a minute, at last: ${reason}`)
      }
      logger.warn(`the project ended: ${reason}`, { host: this.#init.host })
      this.#restarts += 1
      this.#become('restarting', reason)
      const waitMs = LIMITS.hostRestartFirst.value * 2 ** (ends.length - 1)
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!(await clock.sleep(waitMs, stopped))) return
      this.#become('starting')
    }
  }

  async #liveOnce(stopped: AbortSignal): Promise<HostEnd> {
    const { launch, ...rest } = this.#init
    try {
      this.#session = new HostSession(this.#components, { ...rest, launch: launch() })
      const agents = await this.#session.agents
      if (agents !== undefined && !stopped.aborted) await this.#offer(agents)
      return await this.#session.ended
    } catch (error) {
      await this.#session?.stop()
      return { reason: error instanceof Error ? error.message : String(error), refused: true }
    } finally {
      this.#session = undefined
    }
  }

  async #offer(agents: readonly HostedAgent[]): Promise<void> {
    const { logger, offer } = this.#components
    await offer(agents)
    const ids = agents.map(({ id }) => id)
    logger.info('the project runs', { host: this.#init.host, pid: this.#session?.pid, agents: ids })
    this.#become('ready')
  }

  async #quarantine(reason: string): Promise<void> {
    const { logger, withdraw } = this.#components
    const { host } = this.#init
    logger.error(`the project is not started again: ${reason}`, { host })
    await withdraw().catch((error: unknown) => {
      logger.warn('its agents are still told of', { host, error })
    })
    this.#become('quarantined', reason)
  }
}
