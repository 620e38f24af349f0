/** Writes the A2A card of an agent that runs on this node. */
import { A2A_VERSION, LIBP2P_BINDING, libp2pUrl } from '../../core/a2a.ts'
import type { AgentCard, AgentExtension, AgentSkill } from '../../core/a2a.ts'
import { asAttributes, asDemands } from '../../core/attributes.ts'
import type { Attributes, Demand } from '../../core/attributes.ts'
import { CHAT_EXTENSION } from '../../core/chat-request.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { SKILL_SCHEMAS_EXTENSION } from '../../core/skill-schemas.ts'

/**
 * Declares how an agent may be run: `params.idempotent` allows running a task again elsewhere,
 * `params.resumable` says that the same node can go on with a task that was interrupted.
 */
const EXECUTION_EXTENSION = 'urn:lumos:a2a:ext:execution:1'

/** What an agent says of itself (`params.attributes`), and demands of those who ask (`params.demands`). */
const ATTRIBUTES_EXTENSION = 'urn:lumos:a2a:ext:attributes:1'

/** What a card says of an agent. */
export interface AgentDescription {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly version: string
  readonly skills: readonly (AgentSkill & {
    readonly inputSchema?: JsonObject
    readonly outputSchema?: JsonObject
  })[]
  readonly inputModes: readonly string[]
  readonly outputModes: readonly string[]
  readonly idempotent: boolean
  readonly resumable: boolean
  readonly takesChats?: boolean
  readonly attributes?: Attributes
  /** Such as `region=eu`, of the node that asks. */
  readonly demands?: readonly string[]
}

export interface CardInit {
  readonly peer: PeerIdText
  /** URIs of the A2A extensions that the node's binding brings to every agent. */
  readonly extensions: readonly string[]
  readonly pushNotifications?: boolean
}

/**
 * An unsigned card. Members with default values are left out (A2A 8.4.1), so that implementations
 * which decode and encode a card before they verify it see the bytes that were signed.
 */
export function buildCard(
  agent: AgentDescription,
  { peer, extensions, pushNotifications = false }: CardInit
): AgentCard {
  const execution: AgentExtension = {
    uri: EXECUTION_EXTENSION,
    params: { idempotent: agent.idempotent, resumable: agent.resumable }
  }
  return {
    name: agent.name,
    description: agent.description,
    supportedInterfaces: [
      {
        url: libp2pUrl(peer),
        protocolBinding: LIBP2P_BINDING,
        tenant: agent.id,
        protocolVersion: A2A_VERSION
      }
    ],
    version: agent.version,
    capabilities: {
      streaming: true,
      ...(pushNotifications && { pushNotifications }),
      extensions: [
        ...extensions.map((uri) => ({ uri })),
        execution,
        ...(agent.takesChats === true ? [{ uri: CHAT_EXTENSION }] : []),
        ...schemas(agent),
        ...attributesExtension(agent)
      ]
    },
    defaultInputModes: agent.inputModes,
    defaultOutputModes: agent.outputModes,
    skills: agent.skills.map(plainSkill)
  }
}

/** Left out where no skill declares any: most cards need not be longer for it. */
function schemas({ skills }: AgentDescription): AgentExtension[] {
  const declared = skills.flatMap(({ id, inputSchema: input, outputSchema: output }) =>
    input === undefined && output === undefined
      ? []
      : [[id, { ...(input && { input }), ...(output && { output }) }] as const]
  )
  if (declared.length === 0) return []
  return [{ uri: SKILL_SCHEMAS_EXTENSION, params: Object.fromEntries(declared) }]
}

function attributesExtension({ attributes, demands }: AgentDescription): AgentExtension[] {
  const params = {
    ...(attributes && Object.keys(attributes).length > 0 && { attributes: { ...attributes } }),
    ...(demands && demands.length > 0 && { demands: [...demands] })
  }
  return Object.keys(params).length === 0 ? [] : [{ uri: ATTRIBUTES_EXTENSION, params }]
}

/** What the agent says of itself; its card's version is one of them. */
export function attributesOf(card: AgentCard): Attributes {
  return {
    version: card.version,
    ...asAttributes(paramsOf(card, ATTRIBUTES_EXTENSION)?.['attributes'])
  }
}

/** What the agent demands of those who ask it. */
export function demandsOf(card: AgentCard): readonly Demand[] {
  return asDemands(paramsOf(card, ATTRIBUTES_EXTENSION)?.['demands'])
}

/** Whether an agent may run the same task twice, on the word of its card. */
export function isIdempotent(card: AgentCard): boolean {
  return paramsOf(card, EXECUTION_EXTENSION)?.['idempotent'] === true
}

/** Whether an agent goes on with what was begun when it is told how far it came, likewise. */
export function isResumable(card: AgentCard): boolean {
  return paramsOf(card, EXECUTION_EXTENSION)?.['resumable'] === true
}

function paramsOf({ capabilities }: AgentCard, extension: string): JsonObject | undefined {
  return capabilities.extensions?.find(({ uri }) => uri === extension)?.params
}

function plainSkill(skill: AgentSkill): AgentSkill {
  const { id, name, description, tags, examples, inputModes, outputModes } = skill
  return {
    id,
    name,
    description,
    tags,
    ...(examples?.length && { examples }),
    ...(inputModes?.length && { inputModes }),
    ...(outputModes?.length && { outputModes })
  }
}
