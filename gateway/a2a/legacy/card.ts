/** Agent cards for clients of A2A 0.3: what they look for, beside what 1.0 has, or by itself. */
import type { AgentCard, AgentInterface } from '../../../core/a2a.ts'
import { isJsonList, isJsonObject } from '../../../core/json.ts'
import type { Json, JsonObject } from '../../../core/json.ts'

const LEGACY_VERSION = '0.3'

/**
 * The card with the members that 0.3 adds. Schemes have those of both versions, so that each reads its
 * own; who takes only what 1.0 has finds the card as it was.
 */
export function legacyCardOf(card: AgentCard): AgentCard {
  const { securitySchemes } = card
  const schemes = securitySchemes && {
    securitySchemes: mapped(securitySchemes, (scheme) => ({
      ...(isJsonObject(scheme) && scheme),
      ...legacyScheme(scheme)
    }))
  }
  return { ...card, ...schemes, ...membersOf(card), ...securityOf(card) }
}

/** ProtoJSON of 0.3, which has nothing that its proto does not know. */
export function protoCardOf(card: AgentCard): object {
  const { name, description, version, provider, documentationUrl } = card
  const { securitySchemes, securityRequirements } = card
  const { streaming, pushNotifications, extensions } = card.capabilities
  const { defaultInputModes, defaultOutputModes, skills } = card
  return {
    ...membersOf(card),
    name,
    description,
    version,
    ...(provider && { provider }),
    ...(documentationUrl && { documentationUrl }),
    capabilities: { streaming, pushNotifications, extensions },
    ...(securitySchemes && { securitySchemes }),
    ...(securityRequirements && { security: securityRequirements }),
    defaultInputModes,
    defaultOutputModes,
    skills
  }
}

function membersOf({ supportedInterfaces, capabilities }: AgentCard): object {
  const interfaces = supportedInterfaces.filter(isLegacy)
  const [first] = interfaces
  return {
    protocolVersion: LEGACY_VERSION,
    ...(first && { url: first.url, preferredTransport: first.protocolBinding }),
    additionalInterfaces: interfaces.map(({ url, protocolBinding: transport }) => ({
      url,
      transport
    })),
    supportsAuthenticatedExtendedCard: capabilities.extendedAgentCard === true
  }
}

function isLegacy({ protocolVersion }: AgentInterface): boolean {
  return protocolVersion === LEGACY_VERSION
}

function securityOf({ securityRequirements }: AgentCard): object {
  if (securityRequirements === undefined) return {}
  return { security: securityRequirements.map(requirementOf) }
}

/** `{ schemes: { bearer: { list: [] } } }` was `{ bearer: [] }`. */
function requirementOf(requirement: JsonObject): object {
  const { schemes } = requirement
  if (!isJsonObject(schemes)) return {}
  return mapped(schemes, (scopes) =>
    isJsonObject(scopes) && isJsonList(scopes['list']) ? scopes['list'] : []
  )
}

/** OpenAPI's words, which 0.3 uses; nothing for a scheme that it does not have. */
function legacyScheme(scheme: Json | undefined): object {
  if (!isJsonObject(scheme)) return {}
  const [name = '', content] = Object.entries(scheme)[0] ?? []
  const known = SCHEMES[name]
  return known === undefined || !isJsonObject(content) ? {} : known(content)
}

const SCHEMES: Readonly<Record<string, (scheme: JsonObject) => object>> = {
  apiKeySecurityScheme: ({ location, ...rest }) => ({ type: 'apiKey', in: location, ...rest }),
  httpAuthSecurityScheme: (rest) => ({ type: 'http', ...rest }),
  oauth2SecurityScheme: (rest) => ({ type: 'oauth2', ...rest }),
  openIdConnectSecurityScheme: (rest) => ({ type: 'openIdConnect', ...rest }),
  mtlsSecurityScheme: (rest) => ({ type: 'mutualTLS', ...rest })
}

function mapped<T>(
  members: Readonly<Record<string, Json | undefined>>,
  change: (value: Json | undefined) => T
): Record<string, T> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]))
}
