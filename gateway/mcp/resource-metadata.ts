/** Tells MCP clients where tokens for this node are given out (RFC 9728), when an issuer of JWTs is configured. */
import { routeUnknown, sendJson } from '../http/request.ts'
import type { PublicRequest } from '../http/request.ts'

export interface ResourceMetadata {
  /** Answers what is for everybody; false for what is not. */
  answer(request: PublicRequest): boolean
  /** For the challenge of whoever is refused at MCP; `undefined` when there is no issuer. */
  challenge(): string | undefined
}

export interface ResourceMetadataInit {
  /** As their metadata can be found (RFC 8414). */
  readonly issuers: readonly string[]
  /** Where clients reach the doors. */
  readonly url: () => string
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
/** Of the door itself, and of all doors: clients try the one and then the other. */
const RESOURCES: ReadonlyMap<string, string> = new Map([
  [`${WELL_KNOWN}/mcp`, '/mcp'],
  [WELL_KNOWN, '']
])

export function createResourceMetadata({ issuers, url }: ResourceMetadataInit): ResourceMetadata {
  return {
    answer(request) {
      const { method, path } = request
      const resource = RESOURCES.get(path)
      if (resource === undefined || issuers.length === 0) return false
      if (method !== 'GET' && method !== 'HEAD') throw routeUnknown(request)
      sendJson(request, {
        resource: `${url()}${resource}`,
        authorization_servers: issuers,
        bearer_methods_supported: ['header'],
        scopes_supported: ['task/send', 'memory/read'],
        resource_name: 'Lumos'
      })
      return true
    },
    challenge: () =>
      issuers.length === 0 ? undefined : `resource_metadata="${url()}${WELL_KNOWN}/mcp"`
  }
}
