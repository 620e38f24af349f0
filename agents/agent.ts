/** The contract between a node and an agent: what people write, and all that an agent sees. */
import type { AgentSkill, Artifact, Message, Part, StreamResponse } from '../core/a2a.ts'
import { textOf } from '../core/a2a.ts'
import type { AgentStep } from '../core/agent-step.ts'
import { asAttributes, parseDemand } from '../core/attributes.ts'
import type { Attributes } from '../core/attributes.ts'
import type { Budget } from '../core/budget.ts'
import type { Chain } from '../core/chain.ts'
import type { EnsembleOptions } from '../core/ensemble.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Logger } from '../core/logger.ts'
import type { Memory } from '../core/memory.ts'
import type { Principal } from '../core/principal.ts'
import type { Purse } from '../core/purse.ts'
import type { Models } from './models/model.ts'
import type { OpenToolbox } from './tools/tool.ts'

/** The artifact that plain strings build, and the one whose parts `ask` returns. */
export const RESULT_ARTIFACT_ID = 'result'

/** What a running agent says. A plain string is a piece of text of the artifact `result`. */
export type AgentOutput =
  | string
  | {
      readonly type: 'progress'
      /** May be empty where there is a step. */
      readonly text: string
      /** 0 to 1. */
      readonly fraction?: number
      readonly step?: AgentStep
    }
  | { readonly type: 'artifact'; readonly artifact: ArtifactInit }
  | AgentQuestion

/** The last thing that a run says: the task waits for its caller, whose answer begins the next run. */
export interface AgentQuestion {
  readonly type: 'input-required' | 'auth-required'
  readonly text: string
  /** What belongs to the question besides its text: choices as data, a page to sign in as url. */
  readonly parts?: readonly Part[]
}

/** Without an `artifactId` the node makes one. */
export type ArtifactInit = Omit<Artifact, 'artifactId'> & { readonly artifactId?: string }

export interface AgentRequest {
  readonly taskId: string
  readonly contextId: string
  /** The peer that asks; this node's own id for local callers. */
  readonly caller: PeerIdText
  readonly message: Message
  /**
   * What the caller said and this agent asked, in order, up to `message`. An agent that asks is run
   * anew with each answer, perhaps by another process: this, and what it hid in the parts of its
   * questions, is all that it remembers.
   */
  readonly history: readonly Message[]
  /** Id of the skill that is wanted, when the caller names one. */
  readonly skill?: string
  /** All text of the message, joined. */
  readonly text: string
  /** Aborts when the caller cancels or a deadline passes: stop promptly. */
  readonly signal: AbortSignal
  /** Milliseconds until this task or its run is out of time; whoever is asked has a little less. */
  readonly remainingMs: () => number
  /** Agents that asked each other before this one; 0 or absent when it was a person or a program. */
  readonly depth?: number
  /**
   * What may yet be spent on this task, by it and all it asks (`budget.left()`); an agent that uses a
   * model by itself tells it (`budget.spend({ tokens: 900 })`). Absent where nobody counts.
   */
  readonly budget?: Purse
  /** Who asked before, this agent last; how urgent it is; the W3C trace id of all that came of one order. */
  readonly chain?: Chain
  /**
   * Whose wish it is: a caller may ask for somebody else, whose agents asked its own. Absent where
   * nobody asked before the caller.
   */
  readonly principal?: Principal
  readonly log: Logger
  /** A sign of life, for agents that declare `timeouts.heartbeatMs`; whatever they yield is one, too. */
  readonly heartbeat: () => void
  /** There when the node was interrupted while a `resumable` agent worked on this very task. */
  readonly resumed?: Resumption
  /**
   * Asks the agent of that id on the same node, else whoever in the swarm `target` fits (agent id,
   * skill id, tag, `@agent`, `@agent@node`), and returns its `result` artifact's parts. Has the time
   * that is left for this task, and ends with it; rejects with what the other agent failed with.
   * What the other says meanwhile is told as it comes to whoever gives `options` for it.
   */
  readonly ask: (
    target: string,
    input: string | readonly Part[],
    options?: AskOptions
  ) => Promise<readonly Part[]>
  /**
   * What the nodes of the swarm know together: `request.memory.space().put('city', 'Rome')`. What is
   * watched ends with this run.
   */
  readonly memory: Memory
  /** Name of the swarm that this node is in. */
  readonly swarm?: string
  /** The language models that this node can use; absent where there is no place for any. */
  readonly models?: Models
  /** Opens tools for this run, behind this node's policy; absent where there is no place for any. */
  readonly toolbox?: OpenToolbox
}

export interface AskOptions {
  /** The most that the other one may spend; without it, a like share of what is left. */
  readonly budget?: Budget
  /** Pieces of the text of the other's `result`, in order. */
  readonly onText?: (text: string) => void
  readonly onEvent?: (event: AskEvent) => void
  /** Gives the question up before this run ends; the other one is cancelled. */
  readonly signal?: AbortSignal
  /**
   * Asks several peers the same, this node among them. With `take: 'all'` the parts of all answers
   * come one after the other, each with the name of its peer as `metadata.node`.
   */
  readonly ensemble?: EnsembleOptions
}

/** What happens to a question before it is answered. */
export type AskEvent =
  /** Who was found for it; without a `node` on this one. Another one may follow, when that fails. */
  | { readonly type: 'routed'; readonly agent: string; readonly node?: AskedNode }
  | {
      readonly type: 'progress'
      readonly text: string
      readonly fraction?: number
      readonly step?: AgentStep
    }
  /** The other begins anew: the text that was told so far counts no more. */
  | { readonly type: 'restarted' }

export interface AskedNode {
  readonly id: PeerIdText
  readonly name: string
}

/** What the interrupted attempt had said, and its readers keep: go on behind it. */
export interface Resumption {
  /** The attempt that was interrupted, from 1. */
  readonly attempt: number
  /** Its events in order, beginning with the Task as it stood when the attempt began. */
  readonly events: readonly StreamResponse[]
  /** It was made by another node, and this is the caller's word for it: no proof of a permission, say. */
  readonly elsewhere?: true
}

/** A skill as its card tells of it, and what it takes and gives as data. */
export interface SkillDefinition extends AgentSkill {
  /** JSON Schema. Data that does not fit never reaches the agent; defaults are filled in. */
  readonly inputSchema?: JsonObject
  /** JSON Schema of the data of the result, for callers to know. */
  readonly outputSchema?: JsonObject
}

export interface AgentDefinition {
  /** Lower case letters, digits and dashes: the name in `lumos run <id>`. */
  readonly id: string
  readonly name?: string
  readonly description: string
  readonly version?: string
  readonly skills: readonly SkillDefinition[]
  /**
   * What it says of itself, for those who ask for it (`lumos run "caption lang=de price<0.01"`): a
   * `model`, a `region`, what a call costs. By names of lower-case letters, digits, dots and dashes.
   */
  readonly attributes?: Attributes
  /** It asks the default model of its node, which its card then names as `model`; what `llmAgent` says of itself. */
  readonly asksDefaultModel?: boolean
  /**
   * It takes whole chats (core/chat-request.ts): what was said before, tools of its caller, the form of the
   * answer. Its card declares it; what `llmAgent` says of itself.
   */
  readonly takesChats?: boolean
  /** What the node of its caller has to say of itself, all of it: `region=eu`. */
  readonly demands?: readonly string[]
  /** Media types, default `text/plain`. */
  readonly inputModes?: readonly string[]
  readonly outputModes?: readonly string[]
  /** True when running the same task twice does no harm: it may then be retried elsewhere. */
  readonly idempotent?: boolean
  /** True when an interrupted task can go on where it was: `request.resumed` then tells how far it came. */
  readonly resumable?: boolean
  /** Limits of this agent's tasks; what is absent is as the node sets it (`tasks.timeouts`). */
  readonly timeouts?: AgentTimeouts
  /** Yields text, progress and artifacts; returning completes the task, throwing fails it. */
  run(request: AgentRequest): AsyncIterable<AgentOutput>
  /** Releases what the agent holds between tasks (workers, sockets); the node calls it once, last. */
  stop?(): Promise<void>
}

/** Milliseconds, whole and positive. */
export interface AgentTimeouts {
  /** How long a task may wait for its turn; then it fails without having been begun. */
  readonly queueMs?: number
  /** How long one run may take. */
  readonly runMs?: number
  /** How long a running agent may say nothing, neither by what it yields nor by `heartbeat()`. */
  readonly heartbeatMs?: number
}

export type Agent = Required<Omit<AgentDefinition, 'run' | 'stop' | 'timeouts'>> &
  Pick<AgentDefinition, 'run' | 'stop' | 'timeouts'> & {
    /** Others than this node's owner wrote its schemas: no check by them may last (tools/loose-schema.ts). */
    readonly foreignSchemas?: true
  }

const AGENT_ID = /^[a-z][a-z0-9-]{0,62}$/

/** Checks a definition and fills in defaults. Throws TypeError for what would make a broken card. */
export function defineAgent(definition: AgentDefinition): Agent {
  const { id, description, skills, timeouts = {}, attributes = {}, demands = [] } = definition
  if (!AGENT_ID.test(id)) {
    throw new TypeError(`agent id "${id}" must match ${AGENT_ID.source}`)
  }
  if (description.trim() === '') throw new TypeError(`agent "${id}" needs a description`)
  if (skills.length === 0) throw new TypeError(`agent "${id}" needs at least one skill`)
  for (const skill of skills) {
    if (skill.tags.length === 0) throw new TypeError(`skill "${skill.id}" needs at least one tag`)
  }
  for (const [name, ms] of Object.entries(timeouts)) {
    if (!Number.isSafeInteger(ms) || ms <= 0) {
      throw new TypeError(`timeouts.${name} of agent "${id}" must be whole milliseconds above 0`)
    }
  }
  for (const name of Object.keys(attributes)) {
    // What others would pass over must not be promised in vain.
    if (Object.hasOwn(asAttributes(attributes), name)) continue
    throw new TypeError(
      `attribute "${name}" of agent "${id}" has a name or value that cannot be told`
    )
  }
  for (const demand of demands) {
    if (parseDemand(demand) === undefined) {
      throw new TypeError(`agent "${id}" demands "${demand}", which is no demand such as region=eu`)
    }
  }
  return {
    name: id,
    version: '1.0.0',
    attributes: {},
    asksDefaultModel: false,
    takesChats: false,
    demands: [],
    inputModes: ['text/plain'],
    outputModes: ['text/plain'],
    idempotent: false,
    resumable: false,
    ...definition
  }
}

/** What an agent throws for its caller's mistake: `reason` is told to the caller, word for word. */
export function inputError(agent: string, reason: string): LumosError {
  return new LumosError('AGENT_INPUT', { details: { agent, reason } })
}

/** Asks the caller for something the agent cannot do without: `yield inputRequired('Which city?')`. */
export function inputRequired(text: string, parts: readonly Part[] = []): AgentQuestion {
  return { type: 'input-required', text, parts }
}

/** Asks the caller for a permission, or to sign in somewhere (a part with a `url` says where). */
export function authRequired(text: string, parts: readonly Part[] = []): AgentQuestion {
  return { type: 'auth-required', text, parts }
}

/** What the caller said, one text a message: the order first, then the answers. */
export function callerTexts({ history }: Pick<AgentRequest, 'history'>): string[] {
  return history.flatMap(({ role, parts }) => (role === 'ROLE_USER' ? [textOf(parts)] : []))
}
