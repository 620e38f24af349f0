/**
 * A2A 1.0 in its wire form (ProtoJSON): the one representation that is signed, stored and sent.
 *
 * Names and meanings are those of the specification (a2a.proto, package lf.a2a.v1);
 * `protocols/a2a/schema.ts` checks values from peers against these types.
 */
import type { JsonObject, Json } from './json.ts'

export type TaskState =
  | 'TASK_STATE_SUBMITTED'
  | 'TASK_STATE_WORKING'
  | 'TASK_STATE_COMPLETED'
  | 'TASK_STATE_FAILED'
  | 'TASK_STATE_CANCELED'
  | 'TASK_STATE_REJECTED'
  | 'TASK_STATE_INPUT_REQUIRED'
  | 'TASK_STATE_AUTH_REQUIRED'

export const TERMINAL_STATES: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED'
])

/** The task waits for its caller: for an answer, or for a permission. */
export const INTERRUPTED_STATES: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED'
])

/** Exactly one of `text`, `raw` (base64), `url` and `data` is present. */
export interface Part {
  readonly text?: string
  readonly raw?: string
  readonly url?: string
  readonly data?: Json
  readonly filename?: string
  readonly mediaType?: string
  readonly metadata?: JsonObject
}

export type Role = 'ROLE_USER' | 'ROLE_AGENT'

export interface Message {
  readonly messageId: string
  readonly contextId?: string
  readonly taskId?: string
  readonly role: Role
  readonly parts: readonly Part[]
  readonly metadata?: JsonObject
  readonly extensions?: readonly string[]
  readonly referenceTaskIds?: readonly string[]
}

export interface Artifact {
  readonly artifactId: string
  readonly name?: string
  readonly description?: string
  readonly parts: readonly Part[]
  readonly metadata?: JsonObject
  readonly extensions?: readonly string[]
}

export interface TaskStatus {
  readonly state: TaskState
  readonly message?: Message
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp?: string
}

export interface Task {
  readonly id: string
  readonly contextId: string
  readonly status: TaskStatus
  readonly artifacts?: readonly Artifact[]
  readonly history?: readonly Message[]
  readonly metadata?: JsonObject
}

export interface TaskStatusUpdateEvent {
  readonly taskId: string
  readonly contextId: string
  readonly status: TaskStatus
  readonly metadata?: JsonObject
}

export interface TaskArtifactUpdateEvent {
  readonly taskId: string
  readonly contextId: string
  readonly artifact: Artifact
  /** Append the parts to the artifact of this id instead of replacing it. */
  readonly append?: boolean
  readonly lastChunk?: boolean
  readonly metadata?: JsonObject
}

/** Exactly one member is present. */
export interface StreamResponse {
  readonly task?: Task
  readonly message?: Message
  readonly statusUpdate?: TaskStatusUpdateEvent
  readonly artifactUpdate?: TaskArtifactUpdateEvent
}

export interface AgentSkill {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
  readonly examples?: readonly string[]
  readonly inputModes?: readonly string[]
  readonly outputModes?: readonly string[]
}

export interface AgentInterface {
  readonly url: string
  readonly protocolBinding: string
  readonly tenant?: string
  readonly protocolVersion: string
}

export interface AgentExtension {
  readonly uri: string
  readonly description?: string
  readonly required?: boolean
  readonly params?: JsonObject
}

export interface AgentCapabilities {
  readonly streaming?: boolean
  readonly pushNotifications?: boolean
  readonly extendedAgentCard?: boolean
  readonly extensions?: readonly AgentExtension[]
}

export interface AgentCardSignature {
  readonly protected: string
  readonly signature: string
  readonly header?: JsonObject
}

export interface AgentCard {
  readonly name: string
  readonly description: string
  readonly supportedInterfaces: readonly AgentInterface[]
  readonly provider?: { readonly url: string; readonly organization: string }
  readonly version: string
  readonly documentationUrl?: string
  readonly iconUrl?: string
  readonly capabilities: AgentCapabilities
  readonly securitySchemes?: JsonObject
  readonly securityRequirements?: readonly JsonObject[]
  readonly defaultInputModes: readonly string[]
  readonly defaultOutputModes: readonly string[]
  readonly skills: readonly AgentSkill[]
  readonly signatures?: readonly AgentCardSignature[]
}

export const A2A_VERSION = '1.0'

/** Data parts of a question that the agent keeps for its next run: nothing for people to read. */
export const HIDDEN_MEDIA_TYPE = 'application/vnd.lumos.hidden+json'

/** `protocolBinding` of docs/protocols/a2a-libp2p.md; a breaking change gets a new one. */
export const LIBP2P_BINDING = 'urn:lumos:a2a:libp2p:1'

/** The `url` of a node in its cards: a PeerId, since addresses change and the key does not. */
export function libp2pUrl(peer: string): string {
  return `libp2p:/p2p/${peer}`
}

/** All text of a message's or artifact's parts, joined by newlines. */
export function textOf(parts: readonly Part[]): string {
  return parts.flatMap(({ text }) => (text === undefined ? [] : [text])).join('\n')
}
