/** What the node has told so far; each answer makes a new one, so that a frame never sees half of one. */
import type {
  AgentSummary,
  LogLine,
  Peer,
  Status,
  TaskDocument,
  TaskList
} from '../../client/api.ts'
import type { SpaceState } from '../../client/memory-api.ts'
import type { PeerDetails } from '../../client/peers-api.ts'
import type { PeerVitals, Vitals, VitalsSample } from '../../client/vitals-api.ts'
import type { WireError } from '../../core/errors.ts'

export type Task = TaskList['tasks'][number]

/** One line of the log, and which one it is since the pane was opened. */
export interface NumberedLine extends LogLine {
  readonly number: number
}

export interface Lost {
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly error: WireError
}

export interface Data {
  readonly status?: Status
  /** Undefined until the node was asked; null when it is too old to know. */
  readonly vitals?: Pick<Vitals, 'instance' | 'now'> | null
  /** Oldest first. */
  readonly history: readonly VitalsSample[]
  readonly peerVitals: readonly PeerVitals[]
  /** Undefined until they were asked for; so with all that only some panes show. */
  readonly peers?: readonly Peer[]
  readonly tasks?: readonly Task[]
  /** Whether the node has older ones that are not read yet. */
  readonly hasMoreTasks: boolean
  readonly agents?: readonly AgentSummary[]
  readonly spaces?: readonly SpaceState[]
  readonly logs: readonly NumberedLine[]
  readonly peer?: PeerDetails
  readonly task?: TaskDocument['task']
  /** What a pane could not be told, by what was asked for. */
  readonly failures: Readonly<Partial<Record<Part, WireError>>>
  /** While the node does not answer. */
  readonly lost?: Lost
}

export type Part = 'vitals' | 'peers' | 'tasks' | 'agents' | 'spaces' | 'logs' | 'peer' | 'task'

export const NO_DATA: Data = {
  history: [],
  peerVitals: [],
  hasMoreTasks: false,
  logs: [],
  failures: {}
}

/** A sparkline is no wider than a terminal; samples are seconds. */
const HISTORY = 300
const LOG_LINES = 1000

/** Samples of another process of the node have nothing to do with those before. */
export function withVitals(data: Data, { instance, now, history, peers }: Vitals): Data {
  const isSame = data.vitals?.instance === instance
  const known = isSame ? data.history : []
  const last = known.at(-1)?.seq ?? 0
  const fresh = history.filter(({ seq }) => seq > last)
  return {
    ...data,
    vitals: { instance, now },
    history: fresh.length === 0 ? known : [...known, ...fresh].slice(-HISTORY),
    peerVitals: peers
  }
}

export function withLogLines(data: Data, lines: readonly LogLine[]): Data {
  const first = (data.logs.at(-1)?.number ?? 0) + 1
  const numbered = lines.map((line, index) => ({ ...line, number: first + index }))
  return { ...data, logs: [...data.logs, ...numbered].slice(-LOG_LINES) }
}

export function withFailure(data: Data, part: Part, error: WireError | undefined): Data {
  if (data.failures[part] === error) return data
  const { [part]: _, ...others } = data.failures
  return { ...data, failures: error === undefined ? others : { ...others, [part]: error } }
}
