/** One life of a hosted project's process: its agents, their runs, and what it may use. */
import type { Clock } from '../../core/clock.ts'
import { isErrorCode, LumosError, wireDetails } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { AgentOutput, AgentRequest } from '../agent.ts'
import type { CallFailure, CallLine } from './call-lines.ts'
import { ProtocolFlaw } from './call-lines.ts'
import { createAnswers, nodeFailure } from './calls.ts'
import type { HostProcess, Launch, StartProcess } from './host-process.ts'
import { createOutputLog } from './output-log.ts'
import type { OutputLog } from './output-log.ts'
import { createLineCalls } from './line-calls.ts'
import type { LineCalls } from './line-calls.ts'
import { HOSTING_PROTOCOL, parseProjectLine } from './protocol.ts'
import type { HostedAgent, NodeLine, ProjectLine } from './protocol.ts'
import { orderOf } from './run-order.ts'
import { createRunQueue } from './run-queue.ts'
import type { RunQueue } from './run-queue.ts'
import { watchProcess } from './watch-process.ts'

export interface HostSessionComponents {
  readonly clock: Clock
  /** Of this project: its own output goes there. */
  readonly logger: Logger
  readonly startProcess: StartProcess
}

export interface HostSessionInit {
  readonly host: string
  readonly launch: Launch
  /** Resident bytes above which it is killed. */
  readonly memoryBytes: number
}

/** How a process ended. */
export interface HostEnd {
  /** For its owner: it may have the last line that the program printed. */
  readonly reason: string
  /** It said itself that there is nothing to host: starting it again is of no use. */
  readonly refused: boolean
}

/** What a run says; `state` belongs to a question and is shown to nobody. */
export interface SessionOutput {
  readonly output: AgentOutput
  readonly state?: Json
}

interface Run {
  readonly queue: RunQueue<SessionOutput>
  readonly agent: string
  readonly request: AgentRequest
  readonly calls: LineCalls
}

export class HostSession {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #host: string
  readonly #memoryBytes: number
  readonly #process: HostProcess
  readonly #output: OutputLog
  readonly #runs = new Map<string, Run>()
  readonly #agents = Promise.withResolvers<readonly HostedAgent[] | undefined>()
  readonly #ended = Promise.withResolvers<HostEnd>()
  /** Aborts when it has told its agents, or has ended. */
  readonly #started = new AbortController()
  /** Aborts when it has ended. */
  readonly #over = new AbortController()
  #reason: string | undefined
  #refused = false
  #reading = true
  /** Bytes that wait in the queues of all runs. */
  #queued = 0
  #heard = 0
  #calls = 0
  #callBytes = 0
  /** One for each tool of each agent: the limits of a tool are for all runs together. */
  readonly #tools = new Map<string, object>()
  #count = 0

  /** Starts the process. */
  constructor(components: HostSessionComponents, { host, launch, memoryBytes }: HostSessionInit) {
    this.#clock = components.clock
    this.#logger = components.logger
    this.#host = host
    this.#memoryBytes = memoryBytes
    this.#output = createOutputLog(components)
    this.#process = components.startProcess(launch, {
      line: (text) => this.#hear(text),
      printed: (stream, chunk) => this.#output[stream].push(chunk),
      gone: (how) => this.#gone(how)
    })
    void this.#limitStart()
    this.#send({ type: 'hello', protocol: HOSTING_PROTOCOL, calls: true })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Resolves with its agents, or with `undefined` when it ends before. */
  get agents(): Promise<readonly HostedAgent[] | undefined> {
    return this.#agents.promise
  }

  get ended(): Promise<HostEnd> {
    return this.#ended.promise
  }

  residentBytes(): number | undefined {
    return this.#process.residentBytes()
  }

  /**
   * Rejects with HOST_DIED when the process ends before the run does, and with the run's own failure.
   *
   * @yields what the agent says
   */
  async *run(
    agent: string,
    request: AgentRequest,
    state: Json | undefined
  ): AsyncGenerator<SessionOutput, void> {
    const { signal } = request
    signal.throwIfAborted()
    if (this.#over.signal.aborted) throw this.#died(agent, false)
    const run = String(++this.#count)
    const queue = createRunQueue<SessionOutput>((bytes) => this.#account(-bytes))
    const calls = this.#createCalls(run, agent, request)
    const onAbort = (): void => {
      this.#send({ type: 'cancel', run, reason: reasonCode(signal.reason) })
      calls.close(signal.reason)
      queue.finish(signal.reason)
    }
    let left = true
    this.#runs.set(run, { queue, agent, request, calls })
    signal.addEventListener('abort', onAbort)
    try {
      this.#send({
        type: 'run',
        run,
        agent,
        ...orderOf(request),
        ...(state !== undefined && { state })
      })
      yield* queue
      left = false
    } catch (error) {
      left = false
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
      // Whoever stops reading wants no more of it.
      if (left) this.#send({ type: 'cancel', run, reason: 'CANCELLED' })
      this.#runs.delete(run)
      calls.close(new LumosError('CANCELLED'))
    }
  }

  #createCalls(run: string, agent: string, request: AgentRequest): LineCalls {
    const calls = createLineCalls(
      {
        write: async (text) => {
          this.#write(text)
          await this.#process.room()
        },
        answers: createAnswers({
          request,
          project: () => calls,
          sharedTool: (id) => this.#sharedTool(`${agent}/${id}`)
        }),
        failureOf: nodeFailure,
        account: (count, bytes) => this.#hold(count, bytes)
      },
      run
    )
    return calls
  }

  #sharedTool(name: string): object {
    const shared = this.#tools.get(name) ?? {}
    // Whoever invents more has the limits of each anew.
    if (this.#tools.size >= LIMITS.tools.value) this.#tools.clear()
    this.#tools.set(name, shared)
    return shared
  }

  /** Lets it end by itself, and kills it after `LIMITS.hostStop`. */
  async stop(): Promise<void> {
    this.#send({ type: 'stop' })
    this.#process.endInput()
    this.#process.kill('SIGTERM')
    const late = await this.#clock.sleep(LIMITS.hostStop.value, this.#over.signal)
    if (late) this.#kill('it did not stop in time')
    await this.#ended.promise
  }

  async #limitStart(): Promise<void> {
    const timeoutMs = LIMITS.hostStart.value
    const late = await this.#clock.sleep(timeoutMs, this.#started.signal)
    if (late) this.#kill(`it told no agents within ${timeoutMs} ms`)
  }

  #kill(why: string): void {
    this.#reason ??= why
    this.#process.kill('SIGKILL')
  }

  #send(line: NodeLine): void {
    this.#write(JSON.stringify(line))
  }

  #write(text: string): void {
    const waiting = this.#process.send(text) ?? 0
    if (waiting > LIMITS.hostSendBytes.value) this.#kill('it does not read what it is told')
  }

  /** One pipe for all runs: the engine reads each of them, so none holds up the others for long. */
  #account(bytes: number): void {
    this.#queued += bytes
    const limit = LIMITS.hostQueueBytes.value
    if (this.#reading ? this.#queued <= limit : this.#queued > limit / 2) return
    this.#reading = !this.#reading
    this.#process.read(this.#reading)
  }

  #hear(text: string): void {
    this.#heard += 1
    try {
      const line = parseProjectLine(text)
      if (line === undefined) this.#output.line(text)
      else this.#act(line, text.length)
    } catch (error) {
      this.#flawed(error)
    }
  }

  /** Nothing is thrown on: out of the listener of the pipe it would end the node with all its projects. */
  #flawed(error: unknown): void {
    const host = this.#host
    if (error instanceof ProtocolFlaw) {
      this.#logger.warn(`the project wrote ${error.message}`, { host })
      return
    }
    this.#kill('it wrote what cannot be read')
    this.#logger.warn('the project wrote what cannot be read', { host, error })
  }

  #act(line: ProjectLine, bytes: number): void {
    if (line.type === 'pong') return
    if (line.type === 'agents') return this.#begin(line.agents, line.heartbeat)
    if (line.type === 'refused') {
      this.#refused = true
      return this.#kill(line.reason)
    }
    const run = this.#runs.get(line.run)
    // It has been cancelled, and the project has yet to learn it.
    if (run === undefined) return
    const { queue, agent, request } = run
    if (line.type === 'output') {
      this.#account(bytes)
      queue.push(line, bytes)
    } else if (line.type === 'end') {
      // Behind its end a run asks nothing, and nothing is asked of it.
      run.calls.close(new LumosError('CANCELLED'))
      queue.finish(line.error && this.#failureOf(agent, line.error))
    } else if (line.type === 'alive') request.heartbeat()
    else this.#hearCall(run, line, bytes)
  }

  #hearCall({ calls }: Run, line: CallLine, bytes: number): void {
    try {
      calls.hear(line, bytes)
    } catch (error) {
      if (error instanceof ProtocolFlaw) this.#kill(`it wrote ${error.message}`)
      throw error
    }
  }

  #hold(calls: number, bytes: number): void {
    this.#calls += calls
    this.#callBytes += bytes
    const most = LIMITS.hostCalls.value
    if (this.#calls > most || this.#callBytes > LIMITS.hostCallBytes.value) {
      this.#kill('it asks too much at once')
    }
  }

  #begin(found: readonly HostedAgent[], heartbeat: boolean): void {
    this.#agents.resolve(found)
    this.#started.abort()
    void watchProcess(
      { clock: this.#clock, process: this.#process, kill: (why) => this.#kill(why) },
      {
        memoryBytes: this.#memoryBytes,
        heard: () => (this.#reading ? this.#heard : -1),
        ping: heartbeat ? (n) => this.#send({ type: 'ping', n }) : undefined,
        signal: this.#over.signal
      }
    )
  }

  #gone(how: string): void {
    const last = this.#output.lastError()
    const reason = this.#reason ?? (last === undefined ? how : `${how}: ${last}`)
    this.#over.abort()
    this.#started.abort()
    for (const { queue, agent, calls } of this.#runs.values()) {
      const died = this.#died(agent, true)
      calls.close(died)
      queue.finish(died)
    }
    this.#agents.resolve(undefined)
    this.#ended.resolve({ reason, refused: this.#refused })
  }

  #died(agent: string, maybeExecuted: boolean): LumosError {
    return new LumosError('HOST_DIED', { details: { agent, host: this.#host, maybeExecuted } })
  }

  /** A code of ours is told to the caller; anything else stays in the log of this node. */
  #failureOf(agent: string, { code, message, details = {} }: CallFailure): LumosError {
    if (code !== undefined && isErrorCode(code)) {
      return new LumosError(code, { details: wireDetails(details) })
    }
    this.#logger.warn(`agent failed: ${message}`, { agent })
    const { name } = details
    const reason = typeof name === 'string' ? name.slice(0, 64) : 'Error'
    return new LumosError('AGENT_FAILED', { details: { agent, reason } })
  }
}

function reasonCode(reason: unknown): string {
  return reason instanceof LumosError ? reason.code : 'CANCELLED'
}
