/** Every call of the control API, typed, over any transport. */
import { fromWireError, LumosError, type WireError } from '../core/errors.ts'
import type {
  AgentDetails,
  AgentList,
  AnswerRequest,
  ConfigDocument,
  DoctorReport,
  FindResult,
  Identity,
  LogLine,
  PeerDocument,
  PeerList,
  PingResult,
  RunEvent,
  RunRequest,
  Status,
  StopResult,
  TaskDocument,
  TaskList
} from './api.ts'
import { readDocument, readLines } from './ndjson.ts'
import type { Transport, TransportRequest } from './transport.ts'

/** The daemon answers from memory; only a daemon in trouble takes longer. */
const CALL_TIMEOUT_MS = 10_000
/** Calls for which the daemon asks the network, under deadlines of its own that are shorter. */
const NETWORK_CALL_TIMEOUT_MS = 45_000

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Deadline for the whole answer; for a stream, until it opens. */
  readonly timeoutMs?: number
}

export interface LogQuery {
  readonly follow?: boolean
  readonly level?: string
  readonly component?: string
  /** ISO 8601. */
  readonly since?: string
  /** The newest so many of the kept lines. */
  readonly limit?: number
}

export interface TaskQuery {
  readonly state?: string
  readonly cursor?: string
  readonly limit?: number
}

/** Failures are `LumosError`s with the daemon's code; an aborted call fails with `signal.reason`. */
export interface Client {
  status(options?: CallOptions): Promise<Status>
  id(options?: CallOptions): Promise<Identity>
  peers(options?: CallOptions): Promise<PeerList>
  connect(address: string, options?: CallOptions): Promise<PeerDocument>
  /** `peer`: name, PeerId or unique prefix of at least 6 characters. */
  disconnect(peer: string, options?: CallOptions): Promise<PeerDocument>
  ping(peer: string, options?: CallOptions): Promise<PingResult>
  agents(options?: CallOptions): Promise<AgentList>
  agent(id: string, options?: CallOptions & { node?: string | undefined }): Promise<AgentDetails>
  find(query: string, options?: CallOptions & { all?: boolean | undefined }): Promise<FindResult>
  /** Ending the loop early leaves the task running; `cancel` ends it. */
  run(request: RunRequest, options?: CallOptions): AsyncGenerator<RunEvent>
  tasks(query?: TaskQuery, options?: CallOptions): Promise<TaskList>
  task(id: string, options?: CallOptions): Promise<TaskDocument>
  cancel(id: string, options?: CallOptions): Promise<TaskDocument>
  /** Resolves when the answer is on disk; the daemon brings it to the worker. */
  answer(id: string, request: AnswerRequest, options?: CallOptions): Promise<TaskDocument>
  /** The same order under a new id. */
  retry(id: string, options?: CallOptions): Promise<TaskDocument>
  /** Forgets an ended task; answers with what it was. */
  remove(id: string, options?: CallOptions): Promise<TaskDocument>
  /** All events from the first, then live ones until the result, unless `follow` is false. */
  events(id: string, options?: CallOptions & { follow?: boolean }): AsyncGenerator<RunEvent>
  logs(query?: LogQuery, options?: CallOptions): AsyncGenerator<LogLine>
  config(options?: CallOptions): Promise<ConfigDocument>
  doctor(options?: CallOptions & { peer?: string | undefined }): Promise<DoctorReport>
  stop(options?: CallOptions): Promise<StopResult>
}

export function createCalls(transport: Transport): Client {
  const { get, post, stream } = createVerbs(transport)
  return {
    status: (options) => get('/v1/status', options),
    id: (options) => get('/v1/id', options),
    peers: (options) => get('/v1/peers', options),
    connect: (address, options) => post('/v1/peers/connect', { address }, overNetwork(options)),
    disconnect: (peer, options) => post(`/v1/peers/${encode(peer)}/disconnect`, {}, options),
    ping: (peer, options) => post(`/v1/peers/${encode(peer)}/ping`, {}, overNetwork(options)),
    agents: (options) => get('/v1/agents', options),
    agent: (id, { node, ...options } = {}) =>
      get(`/v1/agents/${encode(id)}${query({ node })}`, options),
    find: (text, { all, ...options } = {}) =>
      get(`/v1/find${query({ q: text, all })}`, overNetwork(options)),
    run: (request, options) =>
      stream({ method: 'POST', path: '/v1/run', body: JSON.stringify(request) }, options),
    tasks: (page = {}, options) => get(`/v1/tasks${query({ ...page })}`, options),
    task: (id, options) => get(`/v1/tasks/${encode(id)}`, options),
    cancel: (id, options) => post(`/v1/tasks/${encode(id)}/cancel`, {}, overNetwork(options)),
    answer: (id, request, options) =>
      post(`/v1/tasks/${encode(id)}/answer`, { ...request }, options),
    retry: (id, options) => post(`/v1/tasks/${encode(id)}/retry`, {}, options),
    remove: (id, options) => post(`/v1/tasks/${encode(id)}/remove`, {}, options),
    events: (id, { follow = true, ...options } = {}) => {
      const filter = follow ? '' : query({ follow })
      return stream({ method: 'GET', path: `/v1/tasks/${encode(id)}/events${filter}` }, options)
    },
    logs: (filter = {}, options) =>
      stream({ method: 'GET', path: `/v1/logs${query({ ...filter })}` }, options),
    config: (options) => get('/v1/config', options),
    doctor: ({ peer, ...options } = {}) =>
      get(`/v1/doctor${query({ peer })}`, overNetwork(options)),
    stop: (options) => post('/v1/stop', {}, options)
  }
}

function createVerbs(transport: Transport) {
  async function once<T>(request: TransportRequest, options: CallOptions = {}): Promise<T> {
    const deadline = createDeadline(options, true)
    try {
      const response = await transport({ ...request, signal: deadline.signal })
      const document = await readDocument(response.body)
      throwFailure(response.status, document)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sent by this user's own daemon, whose schemas check it; zod stays out of clients
      return document as T
    } catch (error) {
      throw deadline.translate(error)
    }
  }

  /** @yields one document a line */
  async function* stream<T>(request: TransportRequest, options: CallOptions = {}) {
    const deadline = createDeadline(options, false)
    try {
      const { status, body } = await transport({ ...request, signal: deadline.signal })
      deadline.met()
      if (status >= 400) throwFailure(status, await readDocument(body))
      for await (const line of readLines(body)) {
        throwFailure(status, line)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
        yield line as T
      }
    } catch (error) {
      throw deadline.translate(error)
    }
  }

  return {
    get: <T>(path: string, options?: CallOptions) => once<T>({ method: 'GET', path }, options),
    post: <T>(path: string, body: object, options?: CallOptions) =>
      once<T>({ method: 'POST', path, body: JSON.stringify(body) }, options),
    stream
  }
}

/** Joins the caller's signal with a deadline; `met` lifts the deadline once a stream is open. */
function createDeadline({ signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions, whole: boolean) {
  const timer = AbortSignal.timeout(timeoutMs)
  const stop = new AbortController()
  let lifted = false
  timer.addEventListener('abort', () => {
    if (!lifted) stop.abort(timer.reason)
  })
  return {
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    met() {
      lifted = !whole
    },
    translate(error: unknown): unknown {
      if (signal?.aborted) return signal.reason
      if (!stop.signal.aborted) return error
      return new LumosError('TIMED_OUT', { cause: error, details: { timeoutMs } })
    }
  }
}

function throwFailure(status: number, document: unknown): void {
  if (isFailure(document)) throw fromWireError(document.error)
  if (status >= 400 || document === undefined) {
    throw new LumosError('INTERNAL', { details: { status } })
  }
}

function isFailure(value: unknown): value is { readonly error: WireError } {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false
}

function overNetwork(options?: CallOptions): CallOptions {
  return { timeoutMs: NETWORK_CALL_TIMEOUT_MS, ...options }
}

function query(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) given.set(name, String(value))
  }
  return given.size === 0 ? '' : `?${given.toString()}`
}

function encode(text: string): string {
  return encodeURIComponent(text)
}
