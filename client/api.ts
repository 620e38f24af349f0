/** The control API's documents: what the daemon answers and the CLI prints with `--json`. */
import type { AgentCard, AgentSkill, Artifact, Message, Part, TaskState } from '../core/a2a.ts'
import type { AgentStep } from '../core/agent-step.ts'
import type { EnsembleOptions } from '../core/ensemble.ts'
import type { Budget, Usage } from '../core/budget.ts'
import type { Chain } from '../core/chain.ts'
import type { WireError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Priority } from '../core/priority.ts'
import type { RouteChoice, RoutePolicy } from '../core/route-choice.ts'
import type { GatewayStatus } from './auth-api.ts'

/** Version of these documents; grows only when a field changes meaning or goes away. */
export const API_VERSION = 1

export interface Versioned {
  readonly v: 1
}

export interface Failure {
  readonly ok: false
  readonly error: WireError
}

export interface TaskCounts {
  readonly running: number
  readonly completed: number
  /** Failed, rejected or cancelled. */
  readonly failed: number
}

export interface Status extends Versioned {
  readonly peerId: string
  readonly name: string
  readonly version: string
  readonly profile: string
  readonly pid: number
  readonly socket: string
  /** Readable name of the swarm. */
  readonly swarm: string
  readonly swarmId: string
  /** True for a keyless swarm, in which anybody on the network can take part. */
  readonly open: boolean
  readonly addresses: readonly string[]
  /** Where programs reach the swarm over HTTP; null when that door is shut. */
  readonly gateway: GatewayStatus | null
  /** Peers with a session. */
  readonly peers: number
  /** Agents of this node. */
  readonly agents: number
  /** Tasks that this node works on, for peers and for itself, since its start. */
  readonly tasks: TaskCounts
  /** Tasks that were asked for here, whoever works on them, since the start. */
  readonly asked: TaskCounts
  readonly uptimeMs: number
  readonly rssBytes: number
  readonly eventLoopDelayMs: number
  /** Sentences for people; empty when all is well. */
  readonly problems: readonly WireError[]
}

/** What `lumos up --json` prints. */
export interface Started extends Versioned {
  readonly peerId: string
  readonly name: string
  readonly addresses: readonly string[]
  readonly socket: string
  readonly pid: number
}

/** The one line that the daemon writes to `--ready-fd`. */
export type ReadyLine =
  | ({ readonly ready: true } & Started)
  | { readonly ready: false; readonly error: WireError }

/** `run.json`: who runs, and how the last run ended. */
export interface RunFile {
  readonly pid: number
  readonly socket: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly version: string
  /** Absent while the node runs, and after a crash that left no time to write. */
  readonly exit?: { readonly at: string; readonly code: number; readonly error?: WireError }
}

export interface Identity extends Versioned {
  readonly peerId: string
  readonly name: string
  readonly swarm: string
  readonly addresses: readonly string[]
}

export type PeerState = 'connected' | 'connecting' | 'disconnected' | 'refused' | 'blocked'

export interface Peer {
  readonly id: string
  readonly name: string
  readonly state: PeerState
  readonly path?: 'direct' | 'relay'
  readonly addresses: readonly string[]
  readonly rttMs: number | null
  /** Agent ids. */
  readonly agents: readonly string[]
  readonly version?: string
  /** Running tasks per slot, 0 to 1. */
  readonly load?: number
  /** ISO 8601. */
  readonly since?: string
  /** Which discovery found it: same-host, mdns, bootstrap, remembered, exchange, dht, incoming, manual. */
  readonly foundBy: readonly string[]
  /** Why it is not connected. */
  readonly error?: WireError
}

export interface PeerList extends Versioned {
  readonly peers: readonly Peer[]
}

/** What connecting to a peer or disconnecting from it leaves behind. */
export interface PeerDocument extends Versioned {
  readonly peer: Peer
}

export interface PingResult extends Versioned {
  readonly id: string
  readonly name: string
  readonly rttMs: number
  readonly path: 'direct' | 'relay'
}

export interface AgentSummary {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly version: string
  readonly skills: readonly AgentSkill[]
  readonly node: { readonly id: string; readonly name: string }
  readonly local: boolean
}

export interface AgentList extends Versioned {
  readonly agents: readonly AgentSummary[]
  /** Agents of this node that cannot be asked; absent when there are none. */
  readonly disabled?: readonly string[]
}

/** Whether an agent of this node can be asked. */
export interface AgentState extends Versioned {
  readonly id: string
  readonly enabled: boolean
}

export interface AgentDetails extends Versioned {
  readonly agent: AgentSummary
  readonly card: AgentCard
}

export interface Provider {
  readonly agent: string
  readonly skill: string
  readonly description: string
  readonly node: { readonly id: string; readonly name: string }
  readonly local: boolean
  readonly connected: boolean
  readonly rttMs: number | null
  readonly load: number | null
  /** Milliseconds since the card or presence was last confirmed. */
  readonly freshMs: number
  /** Higher fits better. */
  readonly score: number
}

export interface FindResult extends Versioned {
  readonly query: string
  readonly providers: readonly Provider[]
  /** Where the answer came from. */
  readonly asked: { readonly directory: number; readonly dht: boolean; readonly tookMs: number }
}

/** What an agent needs before it can go on. */
export interface Question {
  /** True for a permission, or a sign-in. */
  readonly auth: boolean
  readonly text: string
  /** Milliseconds since the task was asked for: tells one question of a task from another. */
  readonly atMs: number
  /** What belongs to it besides its text. */
  readonly parts?: readonly Part[]
}

export interface TaskView {
  readonly id: string
  /** The task whose agent asked for this one; absent when a person or program did. */
  readonly parent?: string
  readonly contextId: string
  readonly state: TaskState
  readonly agent: string
  /** True when this node asked; false when it works for a peer. */
  readonly outgoing: boolean
  readonly caller: { readonly id: string; readonly name: string }
  readonly worker: { readonly id: string; readonly name: string }
  /** ISO 8601. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly tookMs: number | null
  readonly input: string
  /** What it waits to be answered, when this node asked; `lumos tasks answer`. */
  readonly question?: Question
  readonly artifacts: readonly Artifact[]
  readonly history: readonly Message[]
  /** Who asked before, and the trace; absent in tasks of older nodes. */
  readonly chain?: Chain
  /** What it cost, with all that its agents asked, as far as it is told. */
  readonly usage?: Usage
  readonly error?: WireError
}

export interface TaskList extends Versioned {
  readonly tasks: readonly Omit<TaskView, 'artifacts' | 'history' | 'chain' | 'usage'>[]
  /** Give it back as `cursor` for the next page; empty at the end. */
  readonly next: string
}

export interface TaskDocument extends Versioned {
  readonly task: TaskView
}

export interface RunRequest {
  /** Agent id, skill id, `@agent@node` or tag. */
  readonly target: string
  /** May be empty where there is data. */
  readonly text: string
  /** Structured input, beside the text or instead of it. */
  readonly data?: Json
  /** Id of the skill that is wanted, of an agent that has several. */
  readonly skill?: string
  /** Node name, PeerId or unique prefix of at least 6 characters. */
  readonly to?: string
  readonly where?: 'local' | 'remote' | 'any'
  /** How its worker is chosen among those that can do it; without it as configured. */
  readonly policy?: RoutePolicy
  /** How urgent it is; whoever is asked for it in turn has the same. Default `normal`. */
  readonly priority?: Priority
  /** What it may cost, with all that its agents ask. */
  readonly budget?: Budget
  /** Asks several peers the same: the task is then one of this node, and its children those of the peers. */
  readonly ensemble?: EnsembleOptions
  readonly timeoutMs?: number
  /** UUID chosen by the caller; the same id and text is the same task. */
  readonly taskId?: string
  readonly contextId?: string
  /** Ends the story with `accepted`, as soon as the order is on disk; the task goes on. */
  readonly detach?: boolean
  /** Stops the task when the listener goes away before its end; a node that stops is no such case. */
  readonly cancelOnDisconnect?: boolean
}

export interface AnswerRequest {
  readonly text: string
  /** Chosen by the caller; the same id and text is the same answer. */
  readonly messageId?: string
}

/** One line of `lumos run --json`; `seq` counts from 0 without gaps. */
export type RunEvent = { readonly v: 1; readonly seq: number } & (
  | {
      readonly type: 'routed'
      readonly candidates: number
      readonly worker: { readonly id: string; readonly name: string }
      readonly agent: string
      readonly path: 'local' | 'direct' | 'relay'
      readonly lookupMs: number
      /** Why this one; absent when no other could be asked. */
      readonly choice?: RouteChoice
    }
  | { readonly type: 'accepted'; readonly task: { readonly id: string }; readonly atMs: number }
  | {
      readonly type: 'status'
      readonly state: TaskState
      readonly text?: string
      readonly fraction?: number
      readonly step?: AgentStep
      readonly atMs: number
    }
  | {
      readonly type: 'artifact'
      readonly artifact: Artifact
      readonly append: boolean
      readonly lastChunk: boolean
      readonly atMs: number
    }
  /** The task waits; the story goes on when it was answered. */
  | ({ readonly type: 'input-required' } & Question)
  /** An answer is on disk here; the worker gets it as soon as it can. */
  | {
      readonly type: 'answered'
      readonly messageId: string
      readonly text: string
      readonly atMs: number
    }
  /** A worker did not take the task; another try follows. */
  | { readonly type: 'retry'; readonly error: WireError; readonly atMs: number }
  /** The worker takes longer than 95 of 100 times: another one is asked as well, and the first answer counts. */
  | {
      readonly type: 'hedged'
      readonly worker: { readonly id: string; readonly name: string }
      readonly agent: string
      readonly path: 'local' | 'direct' | 'relay'
      /** Milliseconds after which a task of that agent is late. */
      readonly afterMs: number
      readonly atMs: number
    }
  /** The first worker answered first, or (`error`) this one cannot; it is told to stop. */
  | {
      readonly type: 'hedge-lost'
      readonly worker: { readonly id: string; readonly name: string }
      readonly error?: WireError
      readonly atMs: number
    }
  /** Contact with the worker that took the task is lost. What it said still counts. */
  | {
      readonly type: 'waiting'
      readonly worker: { readonly id: string; readonly name: string }
      readonly error: WireError
      readonly atMs: number
    }
  /** Contact is back; the story goes on where it broke off. */
  | {
      readonly type: 'resumed'
      readonly worker: { readonly id: string; readonly name: string }
      readonly atMs: number
    }
  /** The worker was interrupted and begins anew: artifacts told so far count no more. */
  | {
      readonly type: 'restarted'
      readonly attempt: number
      readonly worker?: { readonly id: string; readonly name: string }
      readonly atMs: number
    }
  | {
      readonly type: 'result'
      readonly task: {
        readonly id: string
        readonly state: TaskState
        readonly artifacts: readonly Artifact[]
      }
      readonly worker: { readonly id: string; readonly name: string }
      readonly tookMs: number
      readonly firstEventMs: number | null
      readonly error?: WireError
      /** What its worker says it cost. */
      readonly usage?: Usage
    }
)

export interface LogLine {
  readonly time: string
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly component: string
  readonly message: string
  readonly fields: JsonObject
}

export interface ConfigValue {
  readonly key: string
  readonly value: unknown
  /** Where it came from: `flag`, `env LUMOS_X`, `file …` or `default`. */
  readonly origin: string
}

export interface ConfigDocument extends Versioned {
  readonly values: readonly ConfigValue[]
}

/** The daemon accepted the wish to stop; the process ends a little later. */
export interface StopResult extends Versioned {
  readonly pid: number
}

/** `/healthz`: the process answers. `/readyz`: it also takes work. */
export interface Health extends Versioned {
  readonly ok: true
}
