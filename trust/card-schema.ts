/** The shape of an A2A 1.0 agent card in wire form, as far as this node relies on it. */
import { z } from 'zod'
import type { AgentCard } from '../core/a2a.ts'
import type { JsonObject } from '../core/json.ts'

/** Deeper documents could exhaust the stack of whatever prints them. */
const MAX_DEPTH = 32

const text = (max: number): z.ZodString => z.string().max(max)
const name = text(256).min(1)
const url = text(2048)
const mediaTypes = z.array(text(256)).max(64)

const skill = z.looseObject({
  id: name,
  name: text(256),
  description: text(4096),
  tags: z.array(name).max(64),
  examples: z.array(text(2048)).max(32).optional(),
  inputModes: mediaTypes.optional(),
  outputModes: mediaTypes.optional()
})

const agentInterface = z.looseObject({
  url,
  protocolBinding: name,
  tenant: text(256).optional(),
  protocolVersion: text(32).min(1)
})

const extension = z.looseObject({
  uri: url,
  description: text(1024).optional(),
  required: z.boolean().optional(),
  params: z.record(z.string(), z.unknown()).optional()
})

const signature = z.looseObject({
  protected: text(2048).min(1),
  signature: text(512).min(1),
  header: z.record(z.string(), z.unknown()).optional()
})

/** Unknown members stay: they are signed too, and newer peers may say more. */
const agentCard = z.looseObject({
  name,
  description: text(8192),
  supportedInterfaces: z.array(agentInterface).min(1).max(16),
  provider: z.looseObject({ url, organization: text(256) }).optional(),
  version: name,
  documentationUrl: url.optional(),
  iconUrl: url.optional(),
  capabilities: z.looseObject({
    streaming: z.boolean().optional(),
    pushNotifications: z.boolean().optional(),
    extendedAgentCard: z.boolean().optional(),
    extensions: z.array(extension).max(32).optional()
  }),
  securitySchemes: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  securityRequirements: z.array(z.record(z.string(), z.unknown())).max(32).optional(),
  defaultInputModes: mediaTypes,
  defaultOutputModes: mediaTypes,
  skills: z.array(skill).min(1).max(64),
  signatures: z.array(signature).min(1).max(8)
})

export type SignedCard = AgentCard & Required<Pick<AgentCard, 'signatures'>>

export type CardShape = { readonly card: SignedCard & JsonObject } | { readonly reason: string }

/** Checks a value that came from a peer; returns it untouched, since every member is signed. */
export function parseCardShape(value: unknown): CardShape {
  if (!isShallow(value, MAX_DEPTH)) return { reason: `it is nested deeper than ${MAX_DEPTH}` }
  const result = agentCard.safeParse(value)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- zod has checked it, but its copy would reorder members
  if (result.success) return { card: value as SignedCard & JsonObject }
  const [issue] = result.error.issues
  // The path only: a message may quote what the peer wrote.
  return { reason: `${issue?.path.join('.') || 'the document'} is malformed` }
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1))
}
